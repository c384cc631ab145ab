#!/usr/bin/env python3
"""Compare emulators by what iperf3 in the guest reaches through a tap interface.

Runs in a network namespace of its own (`unshare -n`, or `-rn` for a user who may not). Each target
is NAME=COMMAND, in which {append} becomes the kernel's arguments; the card is plugged into the tap
interface t0. Targets take turns. A guest sends for --seconds, receives for as long, and powers off.
The first target is the baseline.
"""
import argparse
import os
import re
import shlex
import statistics
import subprocess
import sys
import time

GUEST = ("sleep 1; echo @send; iperf3 -c 10.7.0.1 -f m -t {s}; echo @receive; "
         "iperf3 -c 10.7.0.1 -f m -R -t {s}")
APPEND = 'console=ttyS0 quiet hull.ip=10.7.0.2/24 hull.run="{run}"'
RATE = re.compile(r'([\d.]+) Mbits/sec.*\breceiver')


def sh(line):
    subprocess.run(shlex.split(line), check=True)


def run(command, seconds, log):
    append = APPEND.format(run=GUEST.format(s=seconds))
    argv = [word.replace('{append}', append) for word in shlex.split(command)]
    server = subprocess.Popen(['iperf3', '-s'], stdout=subprocess.DEVNULL)
    guest = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    text, way, rates, cpu = '', None, {}, {}
    deadline = time.monotonic() + 60 + 10 * seconds

    def used():
        with open(f'/proc/{guest.pid}/stat') as f:
            fields = f.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    for raw in guest.stdout:
        line = raw.decode(errors='replace')
        text += line
        try:
            if line.startswith(('@send', '@receive')):
                way = line[1:].split()[0]
                cpu[way] = used()
            elif way and (found := RATE.search(line)):
                rates[way] = float(found[1])
                cpu[way] = used() - cpu[way]
        except OSError:
            pass
        if time.monotonic() > deadline:
            break
    guest.kill()
    guest.wait()
    server.terminate()
    server.wait()
    log.write(text)
    if len(rates) < 2:
        sys.exit(f'{argv[0]} gave no two rates:\n{text}')
    return {way: (rates[way], cpu[way]) for way in rates}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--target', action='append', required=True, metavar='NAME=COMMAND')
    parser.add_argument('--seconds', type=int, default=5)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--log', default=os.devnull)
    parser.add_argument('--inside', action='store_true', help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not args.inside:
        user = [] if os.geteuid() == 0 else ['-r']
        os.execvp('unshare', ['unshare', *user, '-n', sys.executable, *sys.argv, '--inside'])
    for line in ('ip link set lo up', 'ip tuntap add t0 mode tap vnet_hdr',
                 'ip addr add 10.7.0.1/24 dev t0', 'ip link set t0 up'):
        sh(line)
    targets = [target.split('=', 1) for target in args.target]
    results = {name: [] for name, _ in targets}
    with open(args.log, 'w') as log:
        for _ in range(args.rounds):
            for name, command in targets:
                results[name].append(run(command, args.seconds, log))
                print(name, results[name][-1], file=sys.stderr, flush=True)
    base = targets[0][0]
    print(f'| direction | {" | ".join(f"{name} Gbit/s | CPU s/GB" for name in results)} | x |')
    print('|---|' + '--:|' * (2 * len(results) + 1))
    middle = {}
    for way, title in (('send', 'guest to host'), ('receive', 'host to guest')):
        row = []
        for name, runs in results.items():
            rate = statistics.median(r[way][0] for r in runs)
            cost = statistics.median(r[way][1] / (r[way][0] * args.seconds / 8000) for r in runs)
            middle[name] = rate
            row.append(f'{rate / 1000:.2f} | {cost:.2f}')
        print(f'| {title} | {" | ".join(row)} | {middle[name] / middle[base]:.2f} |')


main()
