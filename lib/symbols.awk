# symbols.awk: from `nm -n` to the table that kernel/panic.c reads: pairs, for
# each function how far the next one is, 7 bits a byte, and the names.
#
# The names are one text of codes. A code from BEGIN on begins a name and says
# how many characters of the name before are its own, too; digits and letters
# are themselves; the rest, from PAIR on and around to BEGIN, are pairs of what
# stands often in the text, of other pairs, too. A last BEGIN ends it.

function hex(s,    i, n) {
    n = 0
    for (i = 1; i <= length(s); i++)
        n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
    return n
}

function shared(a, b,    n) {
    n = 0
    while (n < 15 && n < length(a) && substr(a, n + 1, 1) == substr(b, n + 1, 1))
        n++
    return n
}

# The pair, first * 256 + second, that stands most often in the text; the
# deepest are what PAIR_DEPTH in kernel/panic.c says.
function most_frequent(    i, pair, count, best) {
    best = -1
    for (i = 1; i < size; i++)
        if (deep[text[i]] < 8 && deep[text[i + 1]] < 8)
            count[text[i] * 256 + text[i + 1]]++
    for (pair in count)
        if (best < 0 || count[pair] > count[best] ||
            count[pair] == count[best] && pair + 0 < best)
            best = pair + 0
    return best
}

function replace(first, second, code,    i, n) {
    n = 0
    for (i = 1; i <= size; i++)
        if (i < size && text[i] == first && text[i + 1] == second) {
            text[++n] = code
            i++
        } else
            text[++n] = text[i]
    size = n
}

BEGIN {
    BEGIN_NAME = 32
    PAIR = 123
    PAIRS = 256 - PAIR + BEGIN_NAME
    for (i = 48; i < PAIR; i++)
        code[sprintf("%c", i)] = i
}
$3 == "text_end" { text_end = hex($1) }
$3 != "image_start" && ($2 == "t" || $2 == "T" || $2 == "W") {
    at = hex($1)
    if (at == last && seen)
        next
    distance[seen++] = at - last
    name = substr($3, 1, 63) # SYMBOL_MAX
    sub(/[.].*/, "", name)   # gcc's .isra and the like
    same = shared(name, before)
    text[++size] = BEGIN_NAME + same
    for (i = same + 1; i <= length(name); i++)
        text[++size] = code[substr(name, i, 1)]
    last = at
    before = name
}
END {
    text[++size] = BEGIN_NAME
    distance[seen] = text_end - last
    print ".section .symbols, \"a\", @progbits"
    for (i = 0; i < PAIRS; i++) {
        best = most_frequent()
        first = int(best / 256)
        second = best % 256
        token = (PAIR + i) % 256
        deep[token] = 1 + (deep[first] > deep[second] ? deep[first] : deep[second])
        replace(first, second, token)
        print ".byte " first "," second
    }
    for (i = 1; i <= seen; i++)
        print ".uleb128 " distance[i]
    for (i = 1; i <= size; i++)
        print ".byte " text[i]
    print ".section .note.GNU-stack, \"\", @progbits"
}
