/** What a page needs for threads; without these headers proofs are made on one. */
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default {
  build: { target: 'es2022' },
  // The development server would move the package's file away from its worker.
  optimizeDeps: { exclude: ['zkinfer'] },
  server: { headers },
  preview: { headers },
};
