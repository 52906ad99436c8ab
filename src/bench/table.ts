/** A benchmark as a Markdown table. */
import { markdownTable } from './document.js';
import { NATIVE_IN_PROCESS, NATIVE_PROCESS, type BenchResult, type Timing, type WorkloadResult } from './results.js';
import { pairedRatio } from './statistics.js';

/** One row a workload, one column a contestant; under it machine, commit and how it was timed. */
export function resultTable(result: BenchResult): string {
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
    markdownTable(header, rows),
    '',
    ...leads(result.workloads),
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}; commit ${result.commit}, ${result.date.slice(0, 10)}. Medians of ` +
      `${result.rounds} interleaved rounds on the same key and witness; ×: median of the rounds' ratios to ` +
      "`zkinfer-prover`; CPU: processor time of all threads; MiB: the process's peak memory; setup: development keys. " +
      `Load average of the machine ${result.load.map((load) => load.toFixed(1)).join(' at the start, ')} at the end.`,
  ].join('\n');
}

/**
 * The peer's times over ours, a process over a process and a process over a proof with a loaded key, paired by rounds.
 */
function leads(workloads: readonly WorkloadResult[]): string[] {
  const lines = workloads.flatMap(({ kind, power, timings }) => {
    const samples = (name: string): readonly number[] | undefined =>
      timings.find((timing) => timing.name === name)?.samples;
    const [peer, ours, inProcess] = ['rapidsnark', NATIVE_PROCESS, NATIVE_IN_PROCESS].map(samples);
    if (peer === undefined || ours === undefined || inProcess === undefined) return [];
    const ratio = (of: readonly number[]): string => `${pairedRatio(peer, of).toFixed(2)}×`;
    return [`${kind === 'nn' ? 'neural network' : 'full-width'} 2^${power} ${ratio(ours)} / ${ratio(inProcess)}`];
  });
  return lines.length === 0
    ? []
    : [`Faster than rapidsnark, as a process / with a loaded key: ${lines.join('; ')}.`, ''];
}

function cell(timing: Timing | undefined): string {
  if (timing === undefined) return '';
  const ratio = `${timing.ratio < 10 ? timing.ratio.toFixed(2) : Math.round(timing.ratio)}×`;
  const cpu = timing.cpuMs === undefined ? [] : [`CPU ${duration(timing.cpuMs)}`];
  const memory = timing.peakMiB === undefined ? [] : [`${Math.round(timing.peakMiB)} MiB`];
  return `${duration(timing.medianMs)} (${[ratio, ...cpu, ...memory].join(', ')})`;
}

export function duration(ms: number): string {
  return ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1000).toPrecision(3)} s`;
}
