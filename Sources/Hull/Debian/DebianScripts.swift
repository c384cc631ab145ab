extension DebianGuest {
    /// `/init`: prints `@user` when user space is reached, and `@status N` when a command given as
    /// `hull.run="…"` ended.
    static let initialProgram = #"""
        #!/bin/busybox sh
        /bin/busybox --install -s /bin
        mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t sysfs sys /sys
        /sbin/modprobe first
        for device in /sys/bus/virtio/devices/*/modalias; do
            [ -e "$device" ] && /sbin/modprobe "$(cat "$device")"
        done
        ip link set lo up
        for card in /sys/class/net/eth*; do
            [ -e "$card" ] && /etc/network "${card##*/}"
        done
        for button in /dev/input/event*; do   # the power button
            [ -e "$button" ] && (dd if="$button" of=/dev/null bs=24 count=1 2> /dev/null && sync && poweroff -f) &
        done
        # Shared folders are mounted where their names say.
        for name in /sys/bus/virtio/devices/*/mount_tag /sys/fs/virtiofs/*/tag; do
            [ -e "$name" ] || continue
            folder=$(cat "$name"); mkdir -p "$folder"
            case "$name" in
            */mount_tag) mount -t 9p -o $(cat /etc/9p) "$folder" "$folder";;
            *) mount -t virtiofs "$folder" "$folder";;
            esac
        done
        echo "@user"
        case "$(cat /proc/cmdline)" in
        *hull.root=*)   # hull.root=/dev/vda: go on to a real root file system
            root=$(sed 's/.*hull.root=\([^ ]*\).*/\1/' /proc/cmdline)
            mount "$root" /mnt && umount /proc /sys && mount --move /dev /mnt/dev &&
                exec switch_root /mnt /sbin/init;;
        *hull.run=*)    # hull.run="command": run it, print its status, power off
            sh -c "$(sed 's/.*hull.run="\([^"]*\)".*/\1/' /proc/cmdline)"; echo "@status $?"; poweroff -f;;
        esac
        export ENV=/etc/shell
        exec setsid cttyhack sh

        """#

    /// `/etc/network`: asks for an address, or takes the one that `hull.ip=ADDRESS/BITS` says for
    /// the first card. A network on which nobody answers is asked in the background.
    static let networkScript = #"""
        #!/bin/busybox sh
        ip link set "$1" up
        case "$(cat /proc/cmdline)" in
        *hull.ip=*)
            [ "$1" = eth0 ] && ip addr add "$(sed 's/.*hull.ip=\([^ ]*\).*/\1/' /proc/cmdline)" dev eth0;;
        *) udhcpc -i "$1" -s /etc/udhcpc.script -q -b -t 2 -T 1 >/dev/null 2>&1;;
        esac

        """#

    /// What udhcpc calls with what it was given.
    static let addressScript = #"""
        #!/bin/busybox sh
        case "$1" in
        deconfig) ip addr flush dev "$interface" scope global; ip link set "$interface" up;;
        bound | renew)
            ip addr replace "$ip/$mask" dev "$interface"
            [ -n "$mtu" ] && ip link set "$interface" mtu "$mtu"
            for gateway in $router; do
                ip route replace "$gateway" dev "$interface"
                ip route replace default via "$gateway" dev "$interface"
                break
            done
            : >/etc/resolv.conf
            [ -n "$domain" ] && echo "search $domain" >>/etc/resolv.conf
            for server in $dns; do echo "nameserver $server" >>/etc/resolv.conf; done;;
        esac

        """#
    /// `/etc/9p`: how shared folders are mounted. With `cache=mmap` the kernel forgets a file's bytes when
    /// its last user closes it, so that what the host changes is seen by who opens it next.
    static let shareOptions = "trans=virtio,version=9p2000.L,msize=512000,cache=mmap\n"

    /// `/etc/shell`: busybox's shell would run its own modprobe.
    static let shellSettings = "alias modprobe=/sbin/modprobe\n"

    /// `/sbin/modprobe`, which the kernel calls for a file system or device that it does not know:
    /// loads what `/lib/modules/NAME.order` lists.
    static let moduleLoader = #"""
        #!/bin/busybox sh
        export PATH=/sbin:/bin
        for name; do :; done
        case "$name" in
        virtio:d00000001*) name=virtio_net;;
        virtio:d00000002*) name=virtio_blk;;
        virtio:d00000004*) name=virtio_rng;;
        net-pf-17) name=virtio_net;;
        virtio:d00000012*) name=virtio_input;;
        virtio:d00000005*) name=virtio_balloon;;
        virtio:d00000009*) name=9p;;
        fs-*) name=${name#fs-};;
        esac
        [ -e "/lib/modules/$name.order" ] || exit 1
        for module in $(cat "/lib/modules/$name.order"); do
            grep -q "^$module " /proc/modules || insmod "/lib/modules/$module.ko" || exit 1
        done

        """#
}
