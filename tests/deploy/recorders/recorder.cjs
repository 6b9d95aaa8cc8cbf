// Stand-ins for components of Serverless Devs: each call is written down, a line of JSON in the file RECORD, and answered
// as the component answers. What exists in the pretended cloud is in the file CLOUD.
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
    put(name, made) {
        writeFileSync(process.env.CLOUD, JSON.stringify({ ...this.read(), [name]: made }));
    },
    drop(name) {
        const { [name]: _, ...left } = this.read();
        writeFileSync(process.env.CLOUD, JSON.stringify(left));
    },
};
