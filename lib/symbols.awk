# symbols.awk: from `nm -n` to the table that kernel/panic.c reads: for each
# function its distance from the one before, 7 bits a byte; how many characters
# of its name are those of the name before; and the rest of its name.
# Addresses count from image_start.
#
# A byte from 128 on is a pair of what stands often in the names, of characters
# or of other pairs; the pairs come first.  To be run with LC_ALL=C.

function hex(s,    i, n) {
    n = 0
    for (i = 1; i <= length(s); i++)
        n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
    return n
}

function shared(a, b,    n) {
    n = 0
    while (n < length(a) && substr(a, n + 1, 1) == substr(b, n + 1, 1))
        n++
    return n
}

# The pair that stands most often in the names; the deepest are what PAIR_DEPTH
# in kernel/panic.c says.
function most_frequent(    i, pair, count, best) {
    best = ""
    for (i = 1; i < length(names); i++) {
        pair = substr(names, i, 2)
        if (pair ~ /^[^\n.$][^\n.$]$/ && depth(pair) <= 8)
            count[pair]++
    }
    for (pair in count)
        if (best == "" || count[pair] > count[best] ||
            count[pair] == count[best] && pair < best)
            best = pair
    return best
}

function depth(pair,    a, b) {
    a = deep[substr(pair, 1, 1)]
    b = deep[substr(pair, 2, 1)]
    return 1 + (a > b ? a : b)
}

function bytes(s,    i, out) {
    out = ""
    for (i = 1; i <= length(s); i++)
        out = out code[substr(s, i, 1)] ","
    return out
}

BEGIN {
    for (i = 1; i < 256; i++)
        code[sprintf("%c", i)] = i
    names = "\n"
}
$3 == "image_start" { last = hex($1); started = 1; next }
$3 == "text_end" { started = 0 }
started && ($2 == "t" || $2 == "T" || $2 == "W") {
    at = hex($1)
    if (at == last && seen)
        next
    name = substr($3, 1, 63) # SYMBOL_MAX
    distance[++seen] = at - last
    same[seen] = shared(name, before)
    names = names substr(name, same[seen] + 1) "\n"
    last = at
    before = name
}
END {
    print ".section .symbols, \"a\", @progbits"
    for (i = 128; i < 256; i++) {
        pair = most_frequent()
        print ".byte " (pair == "" ? "0, 0" : code[substr(pair, 1, 1)] "," code[substr(pair, 2, 1)])
        if (pair == "")
            continue
        token = sprintf("%c", i)
        deep[token] = depth(pair)
        gsub(pair, token, names)
    }
    split(names, rest, "\n")
    for (i = 1; i <= seen; i++)
        printf ".uleb128 %d\n.byte %d,%s0\n", distance[i], same[i], bytes(rest[i + 1])
    print ".section .note.GNU-stack, \"\", @progbits"
}
