// Imitates fc3 0.1.22: what it returns, which commands may run on missing outputs, that a missing function is no fault of
// remove, that a role's ARN is lower-cased. Its schema is the real one, where FC3_SCHEMA names the file.
const { existsSync, readFileSync } = require("node:fs");
const { dirname, resolve } = require("node:path");
const { cloud, record } = require("./recorder.cjs");

module.exports = class Fc3 {
    commands = Object.fromEntries(
        ["build", "instance", "local", "logs", "plan", "remove", "s2tos3"].map((name) => [name, { verify: false }]),
    );

    getSchema() {
        return process.env.FC3_SCHEMA ? readFileSync(process.env.FC3_SCHEMA, "utf8") : '{"type": "object"}';
    }

    async deploy(inputs) {
        record("fc3", "deploy", inputs);
        const { props } = inputs;
        const { name } = inputs.resource;
        if (!existsSync(resolve(dirname(inputs.yaml.path), props.code))) {
            throw new Error(`${props.code} is not a folder`);
        }
        if (cloud.read().fail === name) {
            throw new Error("the function could not be made");
        }
        const { region, triggers, code: _, ...config } = props;
        cloud.put(name, {
            region,
            ...config,
            role: props.role.toLowerCase(),
            functionArn: `acs:fc:${region}:1234567890123456:functions/${props.functionName}`,
            state: "Active",
            triggers,
            url: {
                system_url: `https://${props.functionName}-abcdefghij.${region}.fcapp.run`,
                system_intranet_url: `https://${props.functionName}-abcdefghij.${region}-vpc.fcapp.run`,
            },
        });
        return cloud.read()[name];
    }

    async info(inputs) {
        record("fc3", "info", inputs);
        const made = cloud.read()[inputs.resource.name];
        if (!made) {
            throw new Error("FunctionNotFound");
        }
        return made;
    }

    async remove(inputs) {
        record("fc3", "remove", inputs);
        cloud.drop(inputs.resource.name);
    }
};
