"""Jobs: `recipes` are functions of arrays (engine only); `runner` clears, opens, makes, credits, delivers and signs."""
