#!/usr/bin/env python3
"""A full Debian in hull and in QEMU: boot to login, memory and time when idle, make on two harts,
and many guests from one image. Prints a table in Markdown."""
import argparse, os, pty, re, select, signal, subprocess, sys, tempfile, time

parser = argparse.ArgumentParser()
parser.add_argument("--hull", default=".build/release/hull")
parser.add_argument("--qemu", default="qemu-system-riscv64")
parser.add_argument("--folder", required=True, help="the image's folder in the cache")
parser.add_argument("--sources", required=True, help="C files that are compiled in the guest")
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--idle", type=float, default=20, help="seconds of idleness that are measured")
parser.add_argument("--guests", type=int, default=20)
parser.add_argument("--parts", default="boot,make,guests")
options = parser.parse_args()
parts = options.parts.split(",")
disk = options.folder + "/disk.img"
TICK = os.sysconf("SC_CLK_TCK")


def note(text):
    print(text, file=sys.stderr, flush=True)


def processor_seconds(pid):
    try:
        fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICK


def resident_mib(pid, private=False):
    """Resident memory; without what is shared with others if `private`."""
    total = 0
    name = "smaps_rollup" if private else "status"
    for line in open(f"/proc/{pid}/{name}"):
        words = line.split()
        if not private and words[0] == "VmRSS:":
            total += int(words[1])
        if private and words[0] in ("Private_Clean:", "Private_Dirty:"):
            total += int(words[1])
    return total / 1024


class Guest:
    """A process with its console on a pseudo-terminal's other end."""

    def __init__(self, command):
        self.started = time.monotonic()
        self.master, other = pty.openpty()
        self.process = subprocess.Popen(
            command, stdin=other, stdout=other, stderr=other, start_new_session=True)
        os.close(other)
        self.text = b""

    def wait_for(self, text, seconds):
        limit = time.monotonic() + seconds
        while text not in self.text:
            left = limit - time.monotonic()
            ready, _, _ = select.select([self.master], [], [], max(0, left))
            if not ready:
                raise SystemExit(f"no {text!r} after {seconds} s:\n{self.text[-2000:]!r}")
            try:
                self.text += os.read(self.master, 65536)
            except OSError:
                raise SystemExit(f"ended before {text!r}:\n{self.text[-2000:]!r}")

    def drain(self, seconds):
        limit = time.monotonic() + seconds
        while (left := limit - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                self.text += os.read(self.master, 65536)

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.master)


def in_guest(command, **more):
    return subprocess.run(
        [options.hull, "run", "debian", "--"] + command, check=True, capture_output=True,
        **more).stdout


def extract(folder):
    """The kernel, and the initial file system that lies on the disk."""
    initrd = f"{folder}/initrd.img"
    with open(initrd, "wb") as out:
        out.write(in_guest(["sh", "-c", "cat /boot/initrd.img-*"]))
    return options.folder + "/Image", initrd


def machines(kernel, initrd, memory="1G"):
    append = "root=LABEL=debian ro console=ttyS0"
    return {
        "qemu": [
            options.qemu, "-M", "virt", "-m", memory, "-nographic", "-kernel", kernel, "-initrd",
            initrd, "-append", append, "-drive", f"file={disk},format=raw,if=none,id=d,snapshot=on",
            "-device", "virtio-blk-device,drive=d", "-device", "virtio-rng-device"],
        "hull": [
            options.hull, "boot", kernel, "--memory", memory, "--initrd", initrd, "--append",
            append, "--drive", disk, "--snapshot"],
    }


def boot(rows, commands):
    results = {name: [] for name in commands}
    for run in range(options.runs):
        for name, command in commands.items():
            guest = Guest(command)
            guest.wait_for(b"debian login: ", 600)
            wall = time.monotonic() - guest.started
            cpu = processor_seconds(guest.process.pid)
            row = {"wall": wall, "cpu": cpu}
            if run == 0:
                # The services that start behind the prompt are left to finish.
                guest.drain(options.idle)
                before = processor_seconds(guest.process.pid)
                guest.drain(options.idle)
                row["idle"] = 100 * (processor_seconds(guest.process.pid) - before) / options.idle
                row["rss"] = resident_mib(guest.process.pid)
            guest.end()
            note(f"{name}: " + ", ".join(f"{k} {v:.2f}" for k, v in row.items()))
            results[name].append(row)
    best = {name: {k: min(r[k] for r in runs if k in r) for k in runs[0]}
            for name, runs in results.items()}
    labels = {
        "wall": "boot to login, s", "cpu": "of them processor time, s",
        "idle": "idle, % of a processor", "rss": "resident when idle, MiB"}
    for key, label in labels.items():
        q, h = best["qemu"][key], best["hull"][key]
        rows.append(f"| {label} | {q:.2f} | {h:.2f} | {h / q:.2f} |" if q else
                    f"| {label} | {q:.2f} | {h:.2f} | |")


MAKE_RUNS = 5
MAKEFILE = """
SOURCES := $(wildcard *.c)
all: $(SOURCES:%.c=%.o)
%.o: %.c
	gcc -O2 -c -o $@ $<
"""


def make(rows):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(f"cp {options.sources}/*.[ch] {folder}", shell=True, check=True)
        open(folder + "/Makefile", "w").write(MAKEFILE)
        archive = subprocess.run(
            ["tar", "-C", folder, "-c", "."], check=True, capture_output=True).stdout
    script = ("mkdir /tmp/p && cd /tmp/p && tar x && s=$(cut -d' ' -f1 /proc/uptime) &&"
              " make -s -j2 && e=$(cut -d' ' -f1 /proc/uptime) && echo $s $e")
    best = {}
    for _ in range(MAKE_RUNS):
        for harts in (1, 2):
            text = subprocess.run(
                [options.hull, "run", "debian", "--harts", str(harts), "--", "sh", "-c", script],
                input=archive, check=True, capture_output=True).stdout.split()
            seconds = float(text[-1]) - float(text[-2])
            note(f"make -j2 on {harts}: {seconds:.2f} s")
            best[harts] = min(best.get(harts, seconds), seconds)
    rows.append("")
    rows.append("| `make -j2` | 1 hart | 2 harts | x |")
    rows.append("|---|--:|--:|--:|")
    rows.append(f"| seconds | {best[1]:.2f} | {best[2]:.2f} | {best[1] / best[2]:.2f} |")


def command_time(rows):
    times = []
    for _ in range(options.runs):
        start = time.monotonic()
        in_guest(["true"])
        times.append(time.monotonic() - start)
    rows.append("")
    rows.append(f"`hull run debian -- true`, from start to end: {min(times):.2f} s.")


def available_mib():
    for line in open("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 1024
    return 0


def many(rows, kernel, initrd):
    command = machines(kernel, initrd, memory="320M")["hull"]
    guests, resident = [], []
    try:
        for number in range(options.guests):
            if available_mib() < 4096:
                note("less than 4 GiB of memory are available: no more guests")
                break
            guest = Guest(command)
            guests.append(guest)
            guest.wait_for(b"debian login: ", 600)
            note(f"guest {number + 1} is up")
        for guest in guests:
            guest.drain(1)
        before = [processor_seconds(g.process.pid) for g in guests]
        time.sleep(options.idle)
        busy = sum(processor_seconds(g.process.pid) for g in guests) - sum(before)
        resident = [resident_mib(g.process.pid) for g in guests]
        private = [resident_mib(g.process.pid, private=True) for g in guests]
    finally:
        for guest in guests:
            guest.end()
    rows.append("")
    rows.append(
        f"{len(resident)} guests of 320 MiB from one image: resident each "
        f"{min(resident):.0f} to {max(resident):.0f} MiB, of which private "
        f"{min(private):.0f} to {max(private):.0f} MiB, {sum(private):.0f} MiB in all; together "
        f"they use {100 * busy / options.idle:.1f} % of a processor when idle.")


def main():
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        kernel, initrd = extract(folder)
        if "boot" in parts:
            rows += ["| systemd Debian | qemu | hull | ratio |", "|---|--:|--:|--:|"]
            boot(rows, machines(kernel, initrd))
        if "command" in parts or "boot" in parts:
            command_time(rows)
        if "make" in parts:
            make(rows)
        if "guests" in parts:
            many(rows, kernel, initrd)
    print("\n".join(rows))


main()
