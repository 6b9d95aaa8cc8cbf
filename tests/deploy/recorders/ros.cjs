// Imitates the component ros: a template by its absolute path, parameters that are strings, the outputs of the stack; a
// missing stack is no fault of remove. It has no schema, and no command that may run on missing outputs.
const { existsSync } = require("node:fs");
const { isAbsolute } = require("node:path");
const { cloud, record } = require("./recorder.cjs");

module.exports = class Ros {
    commands = {};

    async deploy(inputs) {
        record("ros", "deploy", inputs);
        const { name, parameters, template } = inputs.props;
        if (!isAbsolute(template) || !existsSync(template)) {
            throw new Error(`${template}: no template, from another folder than s.yaml's`);
        }
        for (const [key, value] of Object.entries(parameters)) {
            if (typeof value !== "string") {
                throw new Error(`${key} is not a string`);
            }
        }
        cloud.put("stack", {
            stackId: `stack-of-${name}`,
            UploadBucket: parameters.UploadBucket,
            SiteBucket: parameters.SiteBucket,
        });
        return cloud.read().stack;
    }

    async info(inputs) {
        record("ros", "info", inputs);
        return cloud.read().stack ?? { error: { code: "StackNotFound" } };
    }

    async remove(inputs) {
        record("ros", "remove", inputs);
        const { stack } = cloud.read();
        cloud.drop("stack");
        return stack;
    }
};
