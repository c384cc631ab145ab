/// What an image has that comes from no package.
struct DebianSettings {
    let mirror: String
    let suite: String
    /// apt's proxy on this machine, which the guest uses too.
    let proxy: String?
    let label: String

    /// What packages bring that a virtual machine has no use for: manuals, translations, and drivers
    /// of hardware that the board has no bus for. dpkg is told the same, so that upgrades leave it out
    /// too.
    private static let leftOut = [
        "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/lintian/*",
    ]
    /// Of documentation, licences stay.
    private static let documents = "/usr/share/doc/"
    private static let drivers = [
        "accel", "ata", "bluetooth", "bus", "cdx", "comedi", "cxl", "fpga", "gnss", "gpu", "hid",
        "hwmon", "iio", "infiniband", "input/gameport", "input/joystick", "input/keyboard",
        "input/misc", "input/mouse", "input/serio", "input/tablet", "input/touchscreen", "isdn",
        "leds", "media", "memstick", "mfd", "mmc",
        "mtd", "net/ethernet", "net/wireless", "net/wwan", "net/can", "net/usb", "nfc", "nvme",
        "phy", "pinctrl", "platform", "power", "pwm", "regulator", "remoteproc", "scsi", "soc",
        "soundwire", "spi", "staging", "target", "thunderbolt", "usb", "w1", "watchdog",
    ]

    /// The same outside of `drivers`.
    private static let elsewhere = ["sound", "net/wireless", "net/mac80211", "net/bluetooth"]

    /// Whether a file of a package is put into the image.
    static func holds(_ path: String) -> Bool {
        let path = "/" + path
        if path.hasPrefix(documents) { return path.hasSuffix("/copyright") }
        if leftOut.contains(where: { path.hasPrefix($0.dropLast()) }) { return false }
        guard path.hasPrefix("/usr/lib/modules/"), let kernel = path.firstRange(of: "/kernel/")
        else { return true }
        let inside = path[kernel.upperBound...]
        if elsewhere.contains(where: { inside.hasPrefix("\($0)/") }) { return false }
        guard inside.hasPrefix("drivers/") else { return true }
        return !drivers.contains { inside.hasPrefix("drivers/\($0)/") }
    }

    private var dpkg: String {
        var lines = Self.leftOut.map { "path-exclude=\($0)" }
        lines += ["path-exclude=\(Self.documents)*", "path-include=\(Self.documents)*/copyright"]
        lines += (Self.drivers.map { "drivers/\($0)" } + Self.elsewhere).map {
            "path-exclude=/usr/lib/modules/*/kernel/\($0)/*"
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private var sources: String {
        """
        Types: deb
        URIs: \(mirror)
        Suites: \(suite) \(suite)-updates
        Components: main
        Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp

        """
    }

    /// Paths and texts.
    var files: [(path: String, text: String)] {
        var files = [
            ("etc/fstab", "LABEL=\(label) / ext4 defaults 0 1\n"),
            ("etc/hostname", "debian\n"),
            ("etc/hosts", "127.0.0.1 localhost\n127.0.1.1 debian\n::1 localhost ip6-localhost\n"),
            // Empty: every machine gets a number of its own, and no boot counts as the first one.
            ("etc/machine-id", ""),
            ("etc/default/locale", "LANG=C.UTF-8\n"),
            ("etc/apt/sources.list.d/debian.sources", sources),
            ("etc/dpkg/dpkg.cfg.d/hull", dpkg),
            (
                "etc/systemd/network/80-hull.network",
                "[Match]\nType=ether\n\n[Network]\nDHCP=yes\n"
            ),
            ("etc/ssh/sshd_config.d/hull.conf", "HostKey /etc/ssh/ssh_host_ed25519_key\n"),
            ("etc/initramfs-tools/conf.d/hull", "MODULES=list\nRESUME=none\n"),
            (
                "usr/share/initramfs-tools/modules.d/hull",
                "virtio_mmio\nvirtio_blk\nvirtio_rng\nvirtio_net\next4\ncrc32c_generic\n"
            ),
            (
                "etc/u-boot-menu/conf.d/hull.conf",
                "U_BOOT_ROOT=\"root=LABEL=\(label)\"\nU_BOOT_PARAMETERS=\"ro console=ttyS0\"\n"
                    + "U_BOOT_PROMPT=\"0\"\nU_BOOT_TIMEOUT=\"1\"\nU_BOOT_FDT_DIR=\"none\"\n"
            ),
            ("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n"),
            ("hull-configure", DebianSettings.configure),
        ]
        if let proxy {
            files.append(("etc/apt/apt.conf.d/80hull", "Acquire::http::Proxy \"\(proxy)\";\n"))
        }
        return files
    }

    static let programs: Set<String> = ["usr/sbin/policy-rc.d", "hull-configure"]

    /// What the machine runs in its first boot: packages are configured as dpkg would do it behind an
    /// unpack, then what makes a system of them. Lines that begin with `@` are for Hull.
    private static let configure = #"""
        #!/bin/sh
        export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true LC_ALL=C.UTF-8
        rm -f /hull-configure
        cd /
        before() {
            script=/var/lib/dpkg/info/$1.preinst
            [ -e "$script" ] || return 0
            DPKG_MAINTSCRIPT_PACKAGE=${1%%:*} DPKG_MAINTSCRIPT_NAME=preinst DPKG_ROOT= \
                DPKG_MAINTSCRIPT_ARCH=riscv64 DPKG_ADMINDIR=/var/lib/dpkg \
                DPKG_RUNNING_VERSION=1.22 "$script" install ||
                echo "preinst of $1 failed" >&2
        }
        before base-passwd
        ldconfig
        for script in /var/lib/dpkg/info/*.preinst; do
            name=${script##*/}; name=${name%.preinst}
            [ "$name" = base-passwd ] || before "$name"
        done
        dpkg --configure -a || exit 1
        dpkg --audit | grep . && exit 1
        rm -f /usr/sbin/policy-rc.d
        passwd -q -d root
        systemctl -q enable systemd-networkd systemd-resolved ssh
        ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
        mkdir -p -m 700 /root/.ssh
        ssh-keygen -q -t ed25519 -N '' -C hull -f /root/.ssh/hull
        mv /root/.ssh/hull.pub /root/.ssh/authorized_keys
        u-boot-update >/dev/null
        echo "@host $(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)"
        sed 's/^/@key /' /root/.ssh/hull
        rm -f /root/.ssh/hull /etc/machine-id /var/lib/dbus/machine-id
        : >/etc/machine-id
        # What the first boot of a system would do, for each start of the image again.
        journalctl --update-catalog; touch /etc/.updated /var/.updated
        rm -rf /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/log/*.log /var/cache/ldconfig/*
        sync
        echo "@done"

        """#
}
