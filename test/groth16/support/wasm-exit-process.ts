/** Proves with several threads, closes nothing, and is to end by itself. Prints what it made. */
import { wasmBackendOver } from '../../../src/groth16/wasm.js';
import { cubicWitness } from './circuits.js';

const [r1cs, zkey] = process.argv.slice(2);
let workers = 0;
process.on('worker', () => (workers += 1));
const wasm = wasmBackendOver(2);
const key = await wasm.setup(r1cs, zkey);
const loaded = await wasm.loadKey(zkey);
const { proof, publicSignals } = await loaded.prove(cubicWitness(5n, 77n));
console.log(JSON.stringify({ key, proof, publicSignals, workers }));
