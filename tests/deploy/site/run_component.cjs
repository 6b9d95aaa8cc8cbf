// Runs the component in deploy/site as Serverless Devs would: `node run_component.cjs COMMAND`, props and credential as JSON
// on standard input; prints what came of it.
const { readFileSync } = require("node:fs");

const Site = require(process.env.COMPONENT);

const { props, credential } = JSON.parse(readFileSync(0, "utf8"));
const inputs = { props, cwd: process.cwd(), resource: { name: "site" }, getCredential: async () => credential };
const site = new Site({ logger: console });

site[process.argv[2]](inputs).then(
    (output) => console.log(JSON.stringify({ output })),
    (fault) => console.log(JSON.stringify({ fault: fault.message })),
);
