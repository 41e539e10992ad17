# mutate.awk: the ways to break a C file, one a line: id, offset and length of
# the text to replace, line, what is done, what stands in its place; fields are
# separated by the character 1.
#
#   awk -v want=N -v seed=S -f mutate.awk FILE     N of them; 0: all

BEGIN { RS = "\001" }

# The same text with comments, strings and characters blanked out.
function bare(s,    out, at, n) {
    while (match(s, /\/\*|"|'|\/\//)) {
        out = out substr(s, 1, RSTART - 1)
        s = substr(s, RSTART)
        if (substr(s, 1, 2) == "/*")
            n = index(s, "*/") + 1
        else if (substr(s, 1, 2) == "//")
            n = index(s, "\n") - 1
        else {
            at = substr(s, 1, 1)
            for (n = 2; substr(s, n, 1) != at; n++)
                if (substr(s, n, 1) == "\\")
                    n++
        }
        at = substr(s, 1, n)
        gsub(/[^\n]/, " ", at)
        out = out at
        s = substr(s, n + 1)
    }
    return out s
}

function line_of(at,    head) {
    head = substr(text, 1, at)
    return gsub(/\n/, "", head) + 1
}

function add(at, len, how, instead) {
    gsub(/[\n\t]/, " ", instead)
    count++
    mutant[count] = sprintf("%d\001%d\001%d\001%s\001%s", at, len, line_of(at), how, instead)
}

function trim(s) { return substr(s, 2, length(s) - 2) }

# Each place where code has from becomes to.
function replace(from, to,    rest, base, at) {
    for (base = 0; (at = index(substr(code, base + 1), from)) > 0; base += at)
        if (inside[base + at])
            add(base + at, length(from), trim(from) " becomes " trim(to), to)
}

# Where the parenthesis that opens at this offset closes.
function closing(at,    depth, c) {
    for (;; at++) {
        c = substr(code, at, 1)
        if (c == "(")
            depth++
        else if (c == ")" && --depth == 0)
            return at
    }
}

function conditions(    base, at, end) {
    for (base = 1; match(substr(code, base), /(if|while) \(/); base = at + 1) {
        at = base + RSTART + RLENGTH - 2
        end = closing(at)
        if (inside[at])
            add(at, end - at + 1, "negate",
                "(!" substr(text, at, end - at + 1) ")")
    }
}

function numbers(    base, at, n) {
    for (base = 1; match(substr(code, base), /[^A-Za-z0-9_.][0-9]+[^A-Za-z0-9_.]/);
         base = at + RLENGTH - 2) {
        at = base + RSTART
        n = substr(code, at, RLENGTH - 2)
        if (inside[at]) {
            add(at, length(n), n " becomes " (n + 1), n + 1)
            if (n > 1)
                add(at, length(n), n " becomes " (n - 1), n - 1)
        }
    }
}

# What comes before the statement proper: labels, else, and conditions.
function head_length(from, to,    s, n, at) {
    n = from
    for (;;) {
        s = substr(code, n, to - n)
        if (match(s, /^[ \n]+/) || match(s, /^(else|do)[ \n]/) ||
            match(s, /^(case [^:?]*|default|[a-z_]+):/))
            n += RLENGTH
        else if (match(s, /^(if|while|for|switch) \(/)) {
            at = n + RLENGTH - 1
            if ((at = closing(at)) >= to)
                return to - from
            n = at + 1
        } else
            return n - from
    }
}

# A statement ends at this offset and begins behind that one.
function statement(from, to,    s, start) {
    start = from + head_length(from, to)
    s = substr(code, start, to - start)
    if (s !~ /[(=+-]|break|continue|return|goto/ || s ~ /assert/)
        return
    if (s ~ /^[A-Za-z_][A-Za-z0-9_]* [ *]*[A-Za-z_]/ && s !~ /^(return|goto) /)
        return # it declares
    if (s ~ /^return ./ && substr(code, to + 1) ~ /^[ \n]*}\n\n/)
        return # the function's last
    add(start, to - start, "drop", "")
}

# Marks what lies inside functions and constants, and finds statements.
function walk(    i, c, depth, parens, start, initialiser, define) {
    start = 1
    for (i = 1; i <= length(code); i++) {
        c = substr(code, i, 1)
        if (c == "#")
            define = substr(code, i, 8) == "#define " ? 1 : 2
        if (c == "\n")
            define = 0
        if (define) {
            inside[i] = define == 1
            start = i + 1
            continue
        }
        inside[i] = depth > 0 && body
        if (c == "(")
            parens++
        else if (c == ")")
            parens--
        else if (c == "{" && (initialiser || parens ||
                 substr(code, start, i - start) ~ /(=|return)[ \n]*(\([^()]*\))?[ \n]*$/))
            initialiser++
        else if (c == "}" && initialiser)
            initialiser--
        else if (c == "{") {
            if (depth++ == 0)
                body = substr(code, start, i - start) ~ /\)[ \n]*$/
            start = i + 1
        } else if (c == "}") {
            depth--
            start = i + 1
        } else if (c == ";" && parens == 0 && !initialiser) {
            if (depth > 0 && body)
                statement(start, i)
            start = i + 1
        }
    }
}

# Numbers that are the same with every awk.
function random(n) {
    state = (state * 16807) % 2147483647
    return int(state / 2147483647 * n)
}

{
    text = $0
    code = bare(text)
    walk()
    conditions()
    numbers()
    replace(" < ", " <= ")
    replace(" <= ", " < ")
    replace(" > ", " >= ")
    replace(" >= ", " > ")
    replace(" && ", " || ")
    replace(" || ", " && ")
    replace(" == ", " != ")
    replace(" != ", " == ")

    state = seed + 1
    for (left = count; left > 0; left--) {
        if (want && count - left >= want)
            break
        i = random(left) + 1
        print count - left + 1 "\001" mutant[i]
        mutant[i] = mutant[left]
    }
}
