# shellcheck shell=bash
# Debian packages that are only downloaded and unpacked, never installed: no root
# needed, nothing on this machine changes. $cache is the folder that keeps them.

xen_package=xen-hypervisor-4.17-amd64

PATH=$PATH:/usr/sbin:/sbin # depmod and modprobe, for those who are not root

say() { printf 'xenhost: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

# apt with a state of its own: an empty machine, whose sources and keys are this
# machine's. So apt resolves all of dom0 and checks every signature.
apt_private() {
    local tool=$1
    shift
    "$tool" -qq -o APT::Architecture=amd64 -o APT::Sandbox::User= \
        -o APT::Install-Recommends=0 -o Debug::NoLocking=1 \
        -o Dir::State="$cache/apt" -o Dir::State::status="$cache/apt/status" \
        -o Dir::Cache="$cache/apt" -o Dir::Cache::archives="$cache/debs" "$@"
}

package_names() { sed 's/#.*//' "$1" | xargs; }

have_packages() { (cd "$cache/debs" && xargs ls <"$1") >/dev/null 2>&1; }

# What linux-image-amd64 stands for today.
linux_package() {
    apt_private apt-cache depends linux-image-amd64 |
        sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p'
}

# Writes to $1 the file names of all packages that those named in the file $2
# need, and of Linux and Xen; downloads those that are missing.
resolve_packages() {
    local linux names out=$1

    say "asking apt for the newest packages of the host"
    mkdir -p "$cache/apt/lists/partial" "$cache/debs/partial"
    : >"$cache/apt/status"
    apt_private apt-get update ||
        die "apt-get update failed: is there a way to the Debian mirror?"
    linux=$(linux_package) || true
    [ -n "$linux" ] || die "apt knows no linux-image-amd64 here"
    read -ra names < <(package_names "$2")
    # With an empty folder of archives, or those that are there go unnamed.
    mkdir -p "$cache/apt/none/partial"
    apt_private apt-get -y --print-uris -o Dir::Cache::archives="$cache/apt/none" \
        install "${names[@]}" >"$out.uris" ||
        die "apt cannot find all of: ${names[*]} (Debian 12 has them)"
    apt_private apt-get --print-uris download "$linux" "$xen_package" \
        >>"$out.uris" || die "apt cannot find $xen_package (Debian 12 has it)"
    say "fetching $(grep -c . "$out.uris") packages, $(awk \
        '{ n += $3 } END { printf "%d", n / 1000000 }' "$out.uris") MB"
    apt_private apt-get -y --download-only install "${names[@]}" >/dev/null
    (cd "$cache/debs" && apt_private apt-get download "$linux" "$xen_package")
    awk '{ print $2 }' "$out.uris" | sort >"$out.tmp"
    have_packages "$out.tmp" ||
        die "a package did not arrive; start again"
    rm "$out.uris"
    mv "$out.tmp" "$out"
}

# Unpacks one package's files ($1) into a folder ($2); the rest goes to tar.
unpack() {
    local deb=$1 into=$2
    shift 2
    dpkg-deb --fsys-tarfile "$deb" |
        tar -x -C "$into" --keep-directory-symlink --no-same-owner "$@"
}

# Unpacks the packages listed in the file $2 into the new tree $1, without docs,
# locales and perl, and with what every Debian has.
unpack_root() {
    local root=$1 list=$2 deb dir

    mkdir -p "$root/usr"
    for dir in bin sbin lib lib64; do # as on Debian: packages name both paths
        mkdir "$root/usr/$dir"
        ln -s "usr/$dir" "$root/$dir"
    done
    while read -r deb; do
        case $deb in
        linux-image-* | xen-hypervisor-*) continue ;;
        esac
        unpack "$cache/debs/$deb" "$root" --exclude='./usr/share/doc*' \
            --exclude=./usr/share/man --exclude=./usr/share/info \
            --exclude=./usr/share/locale --exclude='./usr/share/perl*' \
            --exclude='./usr/lib/x86_64-linux-gnu/perl*' \
            --exclude='./usr/lib/x86_64-linux-gnu/gconv'
    done <"$list"
    mkdir -p "$root"/{proc,sys,dev,run,tmp,root,var/log,var/run,var/lib}
    printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\n' >"$root/etc/group"
}

# Copies the kernel of the packages listed in the file $3 to $1, and the modules
# named after that, with what they need, into the tree $2.
unpack_linux() {
    local vmlinuz=$1 root=$2 list=$3 tree=$2.linux release module
    shift 3

    mkdir "$tree"
    unpack "$cache"/debs/"$(grep ^linux-image- "$list")" "$tree" \
        --wildcards './boot/vmlinuz*' './lib/modules/*/modules.*' \
        './lib/modules/*/kernel/'{drivers/{block,char,net,virtio,xen},fs,lib,net}
    release=$(ls "$tree/lib/modules")
    mv "$tree/boot/vmlinuz-$release" "$vmlinuz"
    depmod -b "$tree" "$release"
    for module in "$@"; do
        modprobe -d "$tree" -S "$release" --show-depends "$module"
    done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u |
        while read -r module; do
            install -D -m 644 "$module" "$root/usr${module#"$tree"}"
        done
    cp "$tree/lib/modules/$release"/modules.{builtin*,order} \
        "$root/usr/lib/modules/$release/"
    depmod -b "$root" "$release"
    rm -rf "$tree"
    echo "$@" >"$root/etc/modules"
}

# Packs the tree $1 as the archive $2, from which Linux starts.
pack_root() {
    (cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >"$2"
}
