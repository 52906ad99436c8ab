/**
 * What people do today: a dense layer printed into Circom with its weights as constants and a sum per neuron. The peer
 * of the linker in `npm run bench:stages`; circom copies the growing sum at every step, so its time is quadratic in the
 * inputs.
 */
import { loadCircom } from '../circom/load-circom.js';
import { runCircom } from '../circom/run-circom.js';

/** Seconds that circom takes for a dense layer of this size with these integer weights, [outputs, inputs]. */
export async function timeNaiveDense(weight: ArrayLike<number>, inputs: number, outputs: number): Promise<number> {
  const rows = Array.from(
    { length: outputs },
    (_, o) => `[${Array.from({ length: inputs }, (_unused, i) => weight[o * inputs + i]).join(',')}]`,
  );
  const source = `pragma circom 2.1.0;
template Dense(n, m, weight) {
    signal input in[n];
    signal output out[m];
    for (var o = 0; o < m; o++) {
        var sum = 0;
        for (var i = 0; i < n; i++) { sum += weight[o][i] * in[i]; }
        out[o] <== sum;
    }
}
component main = Dense(${inputs}, ${outputs}, [${rows.join(',')}]);
`;
  const module = await loadCircom();
  const start = performance.now();
  runCircom(module, new Map([['dense.circom', source]]), ['dense.circom', '--r1cs', '--O1']);
  return (performance.now() - start) / 1000;
}
