# symbols.awk: from `nm -n` to the table that kernel/panic.c reads: for each
# function its distance from the one before, 7 bits a byte; how many characters
# of its name are those of the name before; and the rest of its name.
# Addresses count from image_start.

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

BEGIN { print ".section .symbols, \"a\", @progbits" }
$3 == "image_start" { last = hex($1); started = 1; next }
$3 == "text_end" { started = 0 }
started && ($2 == "t" || $2 == "T" || $2 == "W") {
    at = hex($1)
    if (at == last && seen)
        next
    name = substr($3, 1, 63) # SYMBOL_MAX
    n = shared(name, before)
    printf ".uleb128 %d\n.byte %d\n.asciz \"%s\"\n", at - last, n, substr(name, n + 1)
    last = at
    before = name
    seen = 1
}
END { print ".section .note.GNU-stack, \"\", @progbits" }
