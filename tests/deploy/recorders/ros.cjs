// Imitates the component ros of 2024-02, as it behaved when it ran: a template by its absolute path, parameters that are
// strings, the outputs of the stack. A stack that is dead counts as one that has not changed; a missing stack is no fault of
// remove, which waits without an end for one that cannot be deleted. It has no schema, and no command that may run on missing
// outputs.
const { existsSync } = require("node:fs");
const { isAbsolute } = require("node:path");
const { cloud, record } = require("./recorder.cjs");

module.exports = class Ros {
    commands = {};

    constructor({ logger }) {
        this.logger = logger;
    }

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
        if (!cloud.read().stack) {
            const failed = cloud.read().refuse?.infra?.includes("CreateStack");
            const Status = failed ? "CREATE_ROLLBACK_COMPLETE" : "CREATE_COMPLETE";
            const { UploadBucket, SiteBucket } = parameters;
            cloud.change("stack", { Status, parameters, outputs: failed ? {} : { UploadBucket, SiteBucket } });
            if (failed) {
                throw new Error(`fail to create/update complete, status=${Status}`);
            }
        }
        return { stackId: `stack-of-${name}`, ...cloud.read().stack.outputs };
    }

    async info(inputs) {
        record("ros", "info", inputs);
        const { stack } = cloud.read();
        return stack
            ? { stackId: `stack-of-${inputs.props.name}`, ...stack.outputs }
            : { error: { code: "StackNotFound" } };
    }

    async remove(inputs) {
        record("ros", "remove", inputs);
        const { stack, refuse } = cloud.read();
        if (!stack) {
            this.logger.error(`stack is not exist, id = , name = ${inputs.props.name} `);
            return;
        }
        while (refuse?.infra?.includes("DeleteStack")) {
            this.logger.info("Stack status = DELETE_FAILED, retrying in 5000 ms...");
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        cloud.drop("stack");
        return stack.outputs;
    }
};
