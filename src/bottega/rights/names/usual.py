"""Words that are names to nobody in a cutting room, though some are surnames too; and short forms of given names."""

from __future__ import annotations

_ORDINARY = """
a after again air an and angle arm army at back background bank bar barn beach beard beauty before bell best bird black blend blood
blue board boat body book boy bridge bright brook brown brush bush cabin camera car card carpenter castle chain chase chin church
city clean clear close cloud coat cold color colour comp cook copy corner crane cross crowd cut dark day dawn deage delta desert
detail dolly door double down draft dry dust early east edge edit end exit eye eyes face fair falls farmer fast field final fire first
fish fisher fix flat floor fog forest forehead foster fox frame fresh front garden gate girl glass gold good grade grain grass gray
green grey ground grove hair hall hand hands hard head hero high hill hills hold hood horse house hunter ice in ink inn into it ivy
jaw key keys king knight lake lamp land last late layer left leg lens light like line lips long look low main man marsh mask mason
master match matte mid mill miller model moon more mountain mouth neck new night no noise north nose not note of off old on open
other out over page paint pan park part pass patch people piece pine place plate player pond pool porter post potter prep price
prop props rain red reed reference region repair reshoot rice rich ridge right river road rock roof room rose rough round sample
sand scene script sea season second set shade shadow sharp shepherd shirt shoes short shot shoulder side sky small smith smoke snow
soft soldier south spring stage stairs star step stone storm street strong stunt summer sun surface take tall taylor temp test the
this third throat time tone top touch tower town track tree turn turner under up version vest view village wagner walker wall wash
water waters weather weaver west wet white wide wild wind window winter with woman wood woods work wrinkle wrinkles yard young
skin cheek cheeks brow brows eyebrow eyebrows ear ears lip tooth teeth wig hat cap dress suit jacket boots glove gloves ring earring
necklace scar tattoo makeup sweat tears light lights flare glow haze mist ocean wave waves ship train plane bus bike wheel table
chair bed mirror lampshade curtain sign poster paper letter phone screen radio clock bottle cup plates knife gun sword shield flag
"""
ORDINARY = frozenset(_ORDINARY.split())
"""Own list: what labels and file names of shots are made of. A name of two such words is found as a whole, never by its surname."""

_SHORT_FORMS = """
alexander alex sasha xander; andrew andy drew; anthony tony; benjamin ben benny; catherine cathy kate katie kitty katherine kathryn;
charles charlie chuck; christopher chris kit topher; daniel dan danny; david dave davy; deborah debbie deb; donald don donny;
dorothy dot dolly; edward ed eddie ned ted teddy; elizabeth beth betty eliza liz lizzie libby; francis frank frankie; frederick fred
freddie; gerald gerry jerry; gregory greg; harold harry hal; henry hank; isabella bella izzy; jacob jake; james jim jimmy jamie;
jennifer jen jenny; john jack johnny; jonathan jon; joseph joe joey; joshua josh; kenneth ken kenny; lawrence larry; leonard len leo;
margaret maggie meg peggy; martha marty; matthew matt; michael mike mick mickey; nicholas nick nicky; patricia pat patty trish;
patrick paddy; peter pete; philip phil; raymond ray; rebecca becca becky; richard dick rick ricky rich; robert bob bobby rob robbie;
ronald ron ronnie; samuel sam sammy; stephen steve steven; susan sue suzie; theodore theo; thomas tom tommy; timothy tim; victoria
vicky; vincent vince vinny; walter walt wally; william bill billy will willy liam; zachary zach zack
"""
NICKNAMES = {short: full for group in _SHORT_FORMS.split(";") for full, *shorts in [group.split()] for short in (full, *shorts)}
"""Short form to given name. Of a short form that several names share, the last one listed counts: it only makes a human look."""
