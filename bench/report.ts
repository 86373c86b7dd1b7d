import { cpus, totalmem } from 'node:os';
import type { Figure } from './load/figures';

/** One line about the machine the figures belong to. */
export function machine(): string {
  const cores = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cores.length} cores (${cores[0]?.model.trim() ?? 'unknown'}), ${memory} GiB, Node ${process.versions.node}`;
}

/** A Markdown table of our figures, beside a peer's with the ratio (above 1: Trellis is better). */
export function table(ours: readonly Figure[], theirs: readonly Figure[], peer: string | undefined): string {
  const head = peer === undefined ? ['measure', 'Trellis'] : ['measure', 'Trellis', peer, 'ratio'];
  const rows = ours.map((own) => {
    const other = theirs.find((candidate) => candidate.name === own.name);
    const cells = [own.name, show(own)];
    if (peer !== undefined)
      cells.push(other === undefined ? '' : show(other), other === undefined ? '' : ratio(own, other));
    return cells;
  });
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function ratio(own: Figure, other: Figure): string {
  const value = own.better === 'more' ? own.value / other.value : other.value / own.value;
  return `${value.toFixed(1)}x`;
}

function show(found: Figure): string {
  const [low, high] = found.spread ?? [found.value, found.value];
  const spread = low === high ? '' : ` (${number(low)}–${number(high)})`;
  return `${number(found.value)} ${found.unit}${spread}`;
}

const number = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
