import Bits

extension GuestCommand {
    /// `/init` of the initial file system that runs one command in the system on the first disk: no
    /// services, no login. Input, output, errors and the exit status go through ports of their own, so
    /// that nothing that the command prints can be taken for something else.
    static let initialProgram = #"""
        #!/bin/busybox sh
        export PATH=/sbin:/bin
        /bin/busybox --install -s /bin
        mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t sysfs sys /sys
        . /hull/settings

        load() {
            for module in $(cat "/lib/modules/$1.order"); do
                grep -q "^$module " /proc/modules || insmod "/lib/modules/$module.ko"
            done
        }
        fail() { echo "hull: $*" >/dev/ttyS0; poweroff -f; sleep 60; }

        load disk
        disk=/dev/vda1
        [ -e $disk ] || disk=/dev/vda
        [ -e $disk ] || fail "the disk was not found"
        options=rw
        [ $keeps = 1 ] && options=rw,nobarrier
        mount -t ext4 -o $options $disk /root || fail "the disk has no file system of Linux"
        mount -t proc proc /root/proc; mount -t sysfs sys /root/sys
        mount -t devtmpfs dev /root/dev
        mkdir -p /dev/pts /root/dev/shm
        mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /root/dev/pts
        mount -t tmpfs -o mode=1777 shm /root/dev/shm
        mount -t tmpfs -o mode=755 run /root/run
        [ $keeps = 1 ] || mount -t tmpfs -o mode=1777 tmp /root/tmp
        mkdir -p /root/run/lock /root/run/hull
        ln -s /proc/self/fd /root/dev/fd; ln -s fd/0 /root/dev/stdin
        ln -s fd/1 /root/dev/stdout; ln -s fd/2 /root/dev/stderr
        hostname "$(cat /root/etc/hostname 2>/dev/null || echo debian)"
        ip link set lo up
        load random

        share() {
            mkdir -p "/root$2"
            # By virtiofsd where the host has it, else over 9P, whose modules take a while.
            if grep -qsx "$1" /root/sys/fs/virtiofs/*/tag; then
                mount -t virtiofs -o "$3" "$1" "/root$2" && return
            fi
            load shares
            mount -t 9p -o "$3,trans=virtio,version=9p2000.L,msize=512000" "$1" "/root$2" ||
                fail "the folder for $2 could not be mounted"
        }
        shares
        if [ $network = 1 ]; then
            load network
            ip link set eth0 up
            mkdir -p /root/run/systemd/resolve
            udhcpc -q -n -f -i eth0 -s /sbin/dhcp >/dev/null 2>&1 || fail "no address by DHCP"
        fi

        # Ports have their names once they can be used.
        tries=0
        while [ $tries -lt 500 ]; do
            tries=$((tries + 1))
            for port in /sys/class/virtio-ports/*; do
                name=; read -r name <$port/name
                case $name in
                hull.in) in=/dev/${port##*/};; hull.out) out=/dev/${port##*/};;
                hull.errors) errors=/dev/${port##*/};; hull.status) status=/dev/${port##*/};;
                esac
            done
            [ "$in" ] && [ "$out" ] && [ "$errors" ] && [ "$status" ] && break
            usleep 20000
        done
        [ "$status" ] || fail "the ports were not found"

        cp /hull/command /root/run/hull/command
        mine=" 1 "
        if [ "$terminal" ]; then
            # The kernel may have given the first ones to consoles of the firmware.
            for number in 7 6 5 4 3 2 1 0; do
                tty=/dev/hvc$number
                (: <$tty) 2>/dev/null && break
            done
            stty -F $tty sane
            setsid -c chroot /root /bin/sh /run/hull/command <$tty >$tty 2>&1
            code=$?
        else
            mkfifo /in /out /err
            cat <$in >/in &
            cat /out >$out & reader=$!; mine="$mine$reader "
            cat /err >$errors & second=$!; mine="$mine$second "
            # In a shell of its own: the end of a cat would interrupt this one while it opens a pipe.
            (exec chroot /root /bin/sh /run/hull/command </in >/out 2>/err)
            code=$?
        fi

        # What the command left behind ends with it. Threads of the kernel have no program.
        for round in 1 2; do
            for process in /proc/[0-9]*; do
                number=${process##*/}
                case $mine in *" $number "*) continue;; esac
                readlink $process/exe >/dev/null && kill -9 $number
            done 2>/dev/null
        done
        [ "$terminal" ] || wait $reader $second
        if [ $keeps = 1 ]; then
            sync
            umount /root/dev/pts /root/dev/shm /root/dev /root/proc /root/sys /root/run
            umount /root || mount -o remount,ro /root
        fi
        echo $code >$status
        sleep 10
        poweroff -f

        """#

    /// What busybox's DHCP client calls with what it was told.
    static let dhcpProgram = #"""
        #!/bin/busybox sh
        export PATH=/sbin:/bin
        [ "$1" = bound ] || exit 0
        ip addr add "$ip/$mask" dev "$interface"
        for gateway in $router; do
            ip route add default via "$gateway" dev "$interface" onlink && break
        done
        for file in resolv.conf stub-resolv.conf; do
            for server in $dns; do echo "nameserver $server"; done >/root/run/systemd/resolve/$file
        done

        """#

    /// Which modules are loaded for what.
    static let modules = [
        "disk": ["crc32c_generic", "ext4", "virtio_blk", "virtio_mmio"],
        "random": ["virtio_rng"],
        "network": ["virtio_net", "af_packet"],
        "shares": ["9pnet_virtio", "9p"],
    ]

    /// The initial file system for a kernel whose modules these are. Programs of Hull's own come with each
    /// command: an image outlives the Hull that made it.
    static func initialFileSystem(
        busybox: [UInt8], _ modules: inout KernelModules
    ) throws(HullError) -> [UInt8] {
        var archive = CPIOArchive()
        let folders = "bin dev proc sys tmp root etc sbin usr usr/bin usr/sbin lib lib/modules"
        for folder in folders.split(separator: " ") { archive.folder(String(folder)) }
        archive.characterDevice("dev/console", major: 5, minor: 1)
        archive.characterDevice("dev/null", major: 1, minor: 3)
        archive.file("bin/busybox", busybox, isExecutable: true)
        for (name, wanted) in Self.modules.sorted(by: { $0.key < $1.key }) {
            let lines = try modules.loadOrder(of: wanted).map { $0 + "\n" }.joined()
            archive.file("lib/modules/\(name).order", Array(lines.utf8))
        }
        for (name, module) in modules.modules.sorted(by: { $0.key < $1.key }) {
            archive.file("lib/modules/\(name).ko", module.content)
        }
        return archive.finished()
    }
}
