// Before tests and npm start: says in one sentence when this Node is too old, which happens where no Node 24 came with
// the install. The versions that fit are those of "engines" in package.json. Written for any old Node.
var range = require('../../package.json').engines.node;
var found = process.versions.node;

function parts(version) {
  return version.split('.').map(Number);
}

/** Whether `version` fits one of the ranges, each of which is ^a.b.c or >=a.b.c; `||` stands between them. */
function fits(version) {
  return range.split(' || ').some((one) => {
    var least = parts(one.replace(/^\D+/, ''));
    var has = parts(version);
    if (one[0] === '^' && has[0] !== least[0]) return false;
    return (has[0] - least[0] || has[1] - least[1] || has[2] - least[2]) >= 0;
  });
}

if (!fits(found)) {
  console.error(
    'This needs Node 24 (package.json accepts ' +
      range +
      ') and found ' +
      found +
      '. Node 24 comes with the install on Linux, Windows and Intel Macs, but did not here: install it and run this again.',
  );
  process.exit(1);
}
