import { createFindings, type Check } from '../check.ts';
import { attackByRebinding } from './attack-by-rebinding.ts';
import { attackEntryPoints } from './attack-entry-points.ts';

const REBINDINGS = 1_000;

export const outbound: Check = {
  name: 'outbound',
  title: 'nobody is led to an address that must not be called',
  async run() {
    const findings = createFindings();
    const entry = await attackEntryPoints();
    findings.row('hostile targets × entry points', `${entry.targets} × ${entry.entryPoints}`, '60 targets or more');
    findings.require(
      entry.unexpected.length === 0,
      'not refused as they should be',
      entry.unexpected.join('; ') || '0',
      '0',
    );
    findings.require(entry.connections === 0, 'connections', entry.connections, '0');
    const rebinding = await attackByRebinding(REBINDINGS);
    findings.row(
      'rebindings',
      `${rebinding.attempts}: ${rebinding.welcome} let through honestly, ${rebinding.refused} refused`,
    );
    findings.require(rebinding.queries === rebinding.attempts, 'look-ups', rebinding.queries, 'one for each attempt');
    findings.require(rebinding.connections === 0, 'connections', rebinding.connections, '0');
    return findings;
  },
};
