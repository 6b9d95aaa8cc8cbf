// Stand-ins for components of Serverless Devs: each call is written down, a line of JSON in the file RECORD, and answered
// as the component answers. What exists in the pretended cloud is in the file CLOUD (tests/support/deployed_cloud.py).
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require("node:fs");

exports.record = (component, command, inputs) => {
    const { props, args, resource } = inputs;
    const call = { component, command, resource: resource.name, props, args };
    appendFileSync(process.env.RECORD, `${JSON.stringify(call)}\n`);
};

exports.cloud = {
    read() {
        return existsSync(process.env.CLOUD) ? JSON.parse(readFileSync(process.env.CLOUD, "utf8")) : {};
    },
    /** Throws what the service answers to an operation that `refuse` names for the resource. */
    ask(name, operation) {
        if (this.read().refuse?.[name]?.includes(operation)) {
            throw new Error(`AccessDenied: code: 403, ${operation}`);
        }
    },
    change(name, changes) {
        const all = this.read();
        writeFileSync(process.env.CLOUD, JSON.stringify({ ...all, [name]: { ...all[name], ...changes } }));
    },
    drop(name) {
        const { [name]: _, ...left } = this.read();
        writeFileSync(process.env.CLOUD, JSON.stringify(left));
    },
};
