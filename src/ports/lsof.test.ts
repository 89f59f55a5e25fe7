import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseLsof } from './lsof.ts';

const PRINTED = `p301
cControlCe
Lana
f9
tIPv4
PTCP
n*:7000
TST=LISTEN
TQR=0
TQS=0
f10
tIPv6
PTCP
n*:7000
TST=LISTEN
f11
tIPv4
PTCP
n10.0.0.2:52100->10.0.0.9:443
TST=ESTABLISHED
p400
cnode
Lben
f21
tIPv6
PTCP
n[::1]:5173
TST=LISTEN
f22
tIPv4
PUDP
n127.0.0.1:5353
f23
tIPv4
PUDP
n*:*
`;

describe('the output of lsof', () => {
  test('yields what listens, with its process', () => {
    const seen = parseLsof(PRINTED).map(({ protocol, family, address, port, owner }) =>
      [protocol, family, address, port, owner?.pid, owner?.name, owner?.user].join(' '),
    );
    assert.deepEqual(seen, [
      'tcp ipv4 0.0.0.0 7000 301 ControlCe ana',
      'tcp ipv6 :: 7000 301 ControlCe ana',
      'tcp ipv6 ::1 5173 400 node ben',
      'udp ipv4 127.0.0.1 5353 400 node ben',
    ]);
  });

  test('yields nothing when there is none', () => {
    assert.deepEqual(parseLsof(''), []);
    assert.deepEqual(parseLsof('lsof: no such thing\n'), []);
  });
});
