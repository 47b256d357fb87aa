// Says in one sentence what is missing where no Node 24 came with the install. Runs on any old Node.
var parts = process.versions.node.split('.').map(Number);
if (parts[0] < 22 || (parts[0] === 22 && parts[1] < 22)) {
  console.error(
    'This needs Node 22.22 or newer (24 is best) and found ' +
      process.versions.node +
      ': no Node 24 came with the install on this platform, so install one yourself and run this again.',
  );
  process.exit(1);
}
