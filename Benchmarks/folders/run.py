#!/usr/bin/env python3
"""Shared folders under Hull and QEMU, by 9P and by virtiofs, in turns in one run.

usage: run.py --hull .build/release/hull [--rounds 3] [--virtiofsd /usr/lib/qemu/virtiofsd]

The guest is `hull debian`'s kernel and initial file system in all four cases; it takes the times itself
(/proc/uptime, which both emulators let follow the host) and says what it read. Of each figure the best
round counts: on a shared machine the others measure the neighbours.
"""
import argparse, os, re, subprocess, sys, tempfile, time

FILES, FOLDERS, LARGE = 10_000, 100, 100 << 20
COMMAND = (
    "now() { cut -d ' ' -f 1 /proc/uptime; }; cd /src; "
    "a=$(now); du -a files | wc -l; b=$(now); "
    "cat large > /dev/null; c=$(now); "
    "cat files/*/* | md5sum; d=$(now); "
    "dd if=/dev/zero of=written bs=1M count=100 conv=fsync 2> /dev/null; e=$(now); "
    "md5sum large; echo @times $a $b $c $d $e"
)
NAMES = ["look at 10 000 files", "read 100 MiB", "read 10 000 files", "write 100 MiB"]


def fill(folder):
    for outer in range(FOLDERS):
        os.makedirs(f"{folder}/files/{outer}")
        for inner in range(FILES // FOLDERS):
            with open(f"{folder}/files/{outer}/{inner}", "w") as file:
                file.write(f"{outer} {inner}\n" * 50)
    with open(f"{folder}/large", "wb") as file:
        file.write(os.urandom(LARGE))


def hull(options, transport):
    kernel, initrd = options.guest
    return [options.hull, "boot", kernel, "--initrd", initrd, "--memory", "512M", "-v",
            f"{options.folder}:/src:{transport}", "--append", options.append], None


def qemu(options, transport):
    kernel, initrd = options.guest
    command = ["qemu-system-riscv64", "-M", "virt", "-m", "512M", "-nographic", "-kernel", kernel,
               "-initrd", initrd, "-append", options.append]
    if transport == "9p":
        return command + [
            "-fsdev", f"local,id=f,path={options.folder},security_model=none",
            "-device", "virtio-9p-device,fsdev=f,mount_tag=/src"], None
    socket = tempfile.mktemp(prefix="folders-")
    server = [options.virtiofsd, f"--socket-path={socket}", "-o", f"source={options.folder}", "-o",
              "cache=auto", "-o", "timeout=0", "-o", "xattr", "-o", "log_level=err"]
    return command + [
        "-object", "memory-backend-memfd,id=m,size=512M,share=on", "-numa", "node,memdev=m",
        "-chardev", f"socket,id=c,path={socket}",
        "-device", "vhost-user-fs-device,chardev=c,tag=/src,queue-size=1024"], (server, socket)


def measure(options, make, transport):
    command, service = make(options, transport)
    server = None
    if service:
        server = subprocess.Popen(service[0], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(service[1]):
            time.sleep(0.02)
    try:
        text = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300).stdout.decode(errors="replace")
    finally:
        if server:
            server.kill()
            server.wait()
    found = re.search(r"@times ([\d. ]+)", text)
    sums = re.findall(r"([0-9a-f]{32})  (?:-|large)", text)
    if not found or len(sums) != 2:
        sys.exit(f"no result from {command}:\n{text}")
    times = [float(part) for part in found[1].split()]
    return [max(b - a, 0.01) for a, b in zip(times, times[1:])], sums


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hull", required=True)
    parser.add_argument("--virtiofsd", default="/usr/lib/qemu/virtiofsd")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    listing = subprocess.run([options.hull, "debian", "--fetch-only"], check=True,
                             stdout=subprocess.PIPE).stdout.decode().split()
    options.guest = listing[0], listing[1]
    options.append = f"console=ttyS0 quiet hull.run=\"{COMMAND}\""
    cases = {(name, transport): [] for transport in ["9p", "virtiofs"] for name in ["qemu", "hull"]}
    sums = set()
    with tempfile.TemporaryDirectory(prefix="folders-") as options.folder:
        os.chmod(options.folder, 0o755)
        fill(options.folder)
        for _ in range(options.rounds):
            for (name, transport), results in cases.items():
                times, found = measure(options, {"qemu": qemu, "hull": hull}[name], transport)
                results.append(times)
                sums.add(tuple(found))
    if len(sums) != 1:
        sys.exit(f"the guests read different bytes: {sums}")
    best = {case: [min(column) for column in zip(*rows)] for case, rows in cases.items()}
    print("| seconds, best of", options.rounds, "| QEMU 9p | Hull 9p | x | QEMU virtiofs | Hull virtiofs | x |")
    print("| --- | --: | --: | --: | --: | --: | --: |")
    for index, name in enumerate(NAMES):
        cells = []
        for transport in ["9p", "virtiofs"]:
            peer, own = best["qemu", transport][index], best["hull", transport][index]
            cells += [f"{peer:.2f}", f"{own:.2f}", f"{peer / own:.2f}"]
        print(f"| {name} | " + " | ".join(cells) + " |")


main()
