#!/usr/bin/env python3
"""Compare drives of Hull with QEMU's, as a guest sees them.

Both boot the same kernel and the same initial file system, in turns, on copies of the same image;
blockio.c measures inside. A row's figure is the median over the rounds; x is Hull's divided by
QEMU's. The host's page cache is warm, as both use it by default.

  run.py --kernel Image --initrd initramfs.cpio --hull .build/release/hull [--rounds 5]
"""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS = [('randread', 1), ('randread', 16), ('randwrite', 1), ('randwrite', 16), ('read', 1), ('write', 1)]
LINE = re.compile(r'@io (\w+) (\d+) (\d+) (\d+) ([\d.]+)')


def archive_with(path, name, data):
    """A cpio archive with one program; the kernel unpacks it over the one before it."""
    def entry(name, mode, data):
        name = name.encode() + b'\0'
        fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        body = b'070701' + b''.join(b'%08X' % f for f in fields) + name
        body += b'\0' * (-len(body) % 4) + data
        return body + b'\0' * (-len(body) % 4)
    with open(path, 'ab') as f:
        f.write(b'\0' * (-f.tell() % 4) + entry(name, 0o100755, data) + entry('TRAILER!!!', 0, b''))


def boot(argv, log):
    run = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=600)
    text = run.stdout.decode(errors='replace')
    log.write(text)
    return {(m[0], int(m[1])): (int(m[2]) / float(m[4]), int(m[3]) / float(m[4]) / 1e6)
            for m in LINE.findall(text)}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument('--kernel', required=True)
    p.add_argument('--initrd', required=True)
    p.add_argument('--hull', default='.build/release/hull')
    p.add_argument('--qemu', default='qemu-system-riscv64')
    p.add_argument('--rounds', type=int, default=5)
    p.add_argument('--seconds', type=float, default=2)
    p.add_argument('--formats', default='raw,qcow2')
    p.add_argument('--harts', type=int, default=1)
    p.add_argument('--log', default=os.devnull)
    args = p.parse_args()
    orders = [f'blockio /dev/vda {mode} {args.seconds} {depth}' for mode, depth in ROWS]
    append = 'console=ttyS0 quiet hull.run="' + '; '.join(orders) + '"'
    with tempfile.TemporaryDirectory(dir=os.environ.get('TMPDIR', '/var/tmp')) as folder, \
            open(args.log, 'w') as log:
        program = os.path.join(folder, 'blockio')
        subprocess.run(['riscv64-linux-gnu-gcc', '-O2', '-static', '-o', program,
                        os.path.join(HERE, 'blockio.c')], check=True)
        subprocess.run(['riscv64-linux-gnu-strip', program], check=True)
        initrd = shutil.copy(args.initrd, os.path.join(folder, 'initrd'))
        with open(program, 'rb') as f:
            archive_with(initrd, 'bin/blockio', f.read())
        raw = os.path.join(folder, 'disk.raw')
        with open(raw, 'wb') as f:
            for _ in range(256):
                f.write(os.urandom(1 << 20))
        print('| image | access | under way | QEMU | Hull | x |')
        print('| --- | --- | --: | --: | --: | --: |')
        for form in args.formats.split(','):
            disk = raw
            if form != 'raw':
                disk = os.path.join(folder, 'disk.' + form)
                subprocess.run(['qemu-img', 'convert', '-f', 'raw', '-O', form, raw, disk], check=True)
            targets = {
                'qemu': [args.qemu, '-M', 'virt', '-m', '512M', '-nographic', '-smp', str(args.harts),
                         '-kernel', args.kernel, '-initrd', initrd, '-append', append,
                         '-drive', f'file={disk},format={form},if=none,id=d',
                         '-device', 'virtio-blk-device,drive=d'],
                'hull': [args.hull, 'boot', args.kernel, '--initrd', initrd, '--memory', '512M',
                         '--harts', str(args.harts), '--drive', f'{disk},format={form}', '--append', append],
            }
            results = {name: [] for name in targets}
            for _ in range(args.rounds):
                for name, argv in targets.items():
                    results[name].append(boot(argv, log))
            for row in ROWS:
                unit = 0 if row[0].startswith('rand') else 1
                try:
                    q, h = (statistics.median(r[row][unit] for r in results[n]) for n in ('qemu', 'hull'))
                except KeyError:
                    print(f'| {form} | {row[0]} | {row[1]} | – | – | failed |')
                    continue
                word = ('{:,.0f} /s' if unit == 0 else '{:,.0f} MB/s').format
                print(f'| {form} | {row[0]} | {row[1]} | {word(q)} | {word(h)} | {h / q:.2f} |', flush=True)


main()
