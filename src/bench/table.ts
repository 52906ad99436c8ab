/** A benchmark as a Markdown table, and its place in the README between two marks. */
import { UsageError } from '../errors.js';
import type { BenchResult, Timing } from './results.js';

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** One row a workload, one column a contestant; under it machine, commit and how it was timed. */
export function table(result: BenchResult): string {
  const names = [...new Set(result.workloads.flatMap((workload) => workload.timings.map((timing) => timing.name)))];
  const header = ['witness', 'domain', 'wires', 'setup', ...names];
  const rows = result.workloads.map((workload) => [
    workload.kind === 'nn' ? 'neural network' : 'full-width random',
    `2^${workload.power}`,
    workload.wires.toLocaleString('en-US'),
    duration(workload.setupMs),
    ...names.map((name) => cell(workload.timings.find((timing) => timing.name === name))),
  ]);
  const { cpu, cores, memoryGiB, node } = result.machine;
  return [
    row(header),
    row(header.map((_, index) => (index === 0 ? '---' : '---:'))),
    ...rows.map(row),
    '',
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}; commit ${result.commit}, ${result.date.slice(0, 10)}. Medians of ` +
      `${result.rounds} interleaved rounds on the same key and witness; ×: median of the rounds' ratios to ` +
      "`zkinfer-prover`; CPU: processor time of all threads; MiB: the process's peak memory; setup: development keys. " +
      `Load average of the machine ${result.load.map((load) => load.toFixed(1)).join(' at the start, ')} at the end.`,
  ].join('\n');
}

/** `readme` with `content` between the marks. */
export function withTable(readme: string, content: string): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new UsageError(`the README has no ${BEGIN} … ${END} block to write the table in`);
  return `${readme.slice(0, begin + BEGIN.length)}\n${content}\n${readme.slice(end)}`;
}

function cell(timing: Timing | undefined): string {
  if (timing === undefined) return '';
  const ratio = `${timing.ratio < 10 ? timing.ratio.toFixed(2) : Math.round(timing.ratio)}×`;
  const cpu = timing.cpuMs === undefined ? [] : [`CPU ${duration(timing.cpuMs)}`];
  const memory = timing.peakMiB === undefined ? [] : [`${Math.round(timing.peakMiB)} MiB`];
  return `${duration(timing.medianMs)} (${[ratio, ...cpu, ...memory].join(', ')})`;
}

function duration(ms: number): string {
  return ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1000).toPrecision(3)} s`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
