# compare.awk: are two transcripts of the behave program the same?
#
#   awk -f compare.awk DIFFERS LINUX GUEST
#
# Lines "NAME: outcome" must be equal but for those that DIFFERS names, as
# "NAME: reason"; and these must differ, or the list is out of date.  What is
# listed without a kind of socket ("v6 NAME") is meant for all.  Other lines of
# the guest's are its kernel's.
function name_of(line) {
    sub(/:( .*)?$/, "", line)
    return line
}
function is_listed(name) {
    if (name in listed)
        return 1
    sub(/^(v4|v6|mapped) /, "", name)
    return name in listed
}

FNR == 1 { file++ }
/^#/ || !/^[^:]*:( |$)/ { next }
{ name = name_of($0) }
file == 1 { listed[name] = 1; next }
file == 2 { linux[name] = $0; count++; next }
name in linux {
    if (($0 != linux[name]) != is_listed(name)) {
        print "linux: " linux[name] (is_listed(name) ? " (listed as different)" : "")
        print "guest: " $0
        failed = 1
    }
    delete linux[name]
}
END {
    for (name in linux) {
        print "the guest has no line: " linux[name]
        failed = 1
    }
    if (count < 600) {
        print "only " count + 0 " behaviours"
        failed = 1
    }
    exit failed
}
