"""Check that an entry is in a log: python check_proof.py proof.txt log.vkey [--witness w.vkey]...

Needs Python 3.9 or newer and nothing else. Ends with 0 and prints the entry, or with 1 and says what is wrong. Formats: C2SP
signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof; trees: RFC 6962, 2.1; signatures: Ed25519, RFC 8032, 5.1."""
import argparse, base64, hashlib, json, pathlib, re, sys, time  # one line, so that the whole is one page

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)  # ROOT is a square root of -1

def need(truth, words):
    if not truth:
        raise ValueError(words)

def point(raw):
    y, odd = int.from_bytes(raw, "little") % 2**255, raw[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * ROOT % P
    need(len(raw) == 32 and y < P and x * x % P == square and (x or not odd), "a key is no point of the curve")
    x = x if x % 2 == odd else P - x
    return x, y, 1, x * y % P

def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P

def holds(public, message, signature):  # whether R = S B - k A
    (x, y, _, xy), s = point(public), int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    base, minus, total = point((4 * pow(5, -1, P) % P).to_bytes(32, "little")), (P - x, y, 1, P - xy), (0, 1, 1, 0)
    steps = (0, 1, 1, 0), base, minus, add(base, minus)
    for bit in reversed(range(253)):
        total = add(add(total, total), steps[(s >> bit & 1) + 2 * (k >> bit & 1)])
    x, y = (c * pow(total[2], -1, P) % P for c in total[:2])
    return len(signature) == 64 and s < L and (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]

def unpacked(text):
    raw = base64.b64decode(text.encode("ascii"), validate=True)
    need(base64.b64encode(raw).decode() == text, f"{text!a} is not base64 as it has to be written")
    return raw

def key_of(path, kind):
    name, key_id, key = pathlib.Path(path).read_text("utf-8").rstrip("\n").split("+", 2)
    raw = unpacked(key)
    need(raw[:1] == bytes([kind]), f"{path} is not the key of a {'log' if kind == 1 else 'witness'}")
    need(hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == key_id, f"{path} is damaged: its parts do not fit")
    return name, bytes.fromhex(key_id), raw[1:]

def climb(index, size, leaf, path):
    need(bool(path) is (size > 1), "the proof has too few or too many hashes")
    if size == 1:
        return leaf
    half = 1 << (size - 1).bit_length() - 1
    left = climb(index, half, leaf, path[:-1]) if index < half else path[-1]
    right = path[-1] if index < half else climb(index - half, size - half, leaf, path[:-1])
    return hashlib.sha256(b"\1" + left + right).digest()

def check(proof, log, witnesses):
    need(not re.search(r"[\x00-\x09\x0b-\x1f]", proof) and proof.endswith("\n"), "the proof holds a control character, or is cut off")
    head, _, note = proof.partition("\n\n")
    (first, extra, index, *path), (signed, _, lines) = head.split("\n"), note.rpartition("\n\n")
    origin, size, root = signed.split("\n")
    need((first, extra[:6]) == ("c2sp.org/tlog-proof@v1", "extra ") and re.fullmatch("index (0|[1-9][0-9]{0,18})", index), "it is no proof")
    need(origin == log[0], f"the proof is of the log {origin!a}, not of {log[0]!a}")
    body, root, path, index, size = unpacked(extra[6:]), unpacked(root), [unpacked(line) for line in path], int(index[6:]), int(size)
    need(index < size and len(path) < 64 and all(len(step) == 32 for step in path), "the proof has an index or a hash that cannot be")
    need(climb(index, size, hashlib.sha256(b"\0" + body).digest(), path) == root, "the entry does not lead to the root: it was changed")
    seen, unknown = {}, 0
    for dash, name, value in (line.split(" ") for line in lines[:-1].split("\n")):
        value, known = unpacked(value), [k for k in (log, *witnesses) if k[:2] == (name, unpacked(value)[:4])]
        need(dash == "\u2014", "a signature line is malformed")
        unknown += not known
        for key in known:
            seen[key] = int.from_bytes(value[4:12], "big") if key in witnesses else 0
            message = f"cosignature/v1\ntime {seen[key]}\n{signed}\n" if key in witnesses else f"{signed}\n"
            need(holds(key[2], message.encode(), value[12 if key in witnesses else 4 :]), f"the signature of {name!a} does not hold")
    for key in (log, *witnesses):
        need(key in seen, f"the signature of {key[0]!a} is missing")
    return index, size, body, [(key[0], seen[key]) for key in witnesses], unknown

def main():
    parser = argparse.ArgumentParser(description="Check that an entry is in a log.")
    parser.add_argument("proof")
    parser.add_argument("log", help="the log's public key")
    parser.add_argument("--witness", action="append", default=[], help="a witness's public key; it has to have signed, too")
    given = parser.parse_args()
    try:
        log, witnesses = key_of(given.log, 1), [key_of(path, 4) for path in given.witness]
        index, size, body, seen, unknown = check(pathlib.Path(given.proof).read_bytes().decode("utf-8"), log, witnesses)
        entry = json.loads(body)
        need(json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == body, "the entry is not canonical")
        print(f"Entry {index} of {size} in {log[0]!a}: {entry['kind']!a}, at {entry['at']!a}.\n{json.dumps(entry['data'], indent=1)}")
        print("Signed by the log.", *(f"Seen by {n!a} at {time.strftime('%Y-%m-%d %H:%M:%S UTC', time.gmtime(t))}." for n, t in seen))
        print(f"Signatures by keys that were not given, not checked: {unknown}." if unknown else "Every signature was checked.")
    except (ValueError, KeyError, TypeError, IndexError, OSError, RecursionError, OverflowError) as problem:
        sys.exit(f"NOT PROVEN: {problem}")

if __name__ == "__main__":
    main()
