// Imitates fc3 0.1.22, as it behaved when it ran: what it sends and in which order, what it returns, prints and logs; which
// commands may run on missing outputs; that it lower-cases a role's ARN, and swallows every error of a removal. Its schema
// is the real one, where FC3_SCHEMA names the file.
const { existsSync, readFileSync } = require("node:fs");
const { dirname, resolve } = require("node:path");
const { cloud, record } = require("./recorder.cjs");

module.exports = class Fc3 {
    commands = Object.fromEntries(
        ["build", "instance", "local", "logs", "plan", "remove", "s2tos3"].map((name) => [name, { verify: false }]),
    );

    constructor({ logger }) {
        this.logger = logger;
    }

    getSchema() {
        return process.env.FC3_SCHEMA ? readFileSync(process.env.FC3_SCHEMA, "utf8") : '{"type": "object"}';
    }

    async deploy(inputs) {
        record("fc3", "deploy", inputs);
        const { props } = inputs;
        const { name } = inputs.resource;
        this.logger.debug(`input props: ${JSON.stringify(props)}`);
        if (!existsSync(resolve(dirname(inputs.yaml.path), props.code))) {
            throw new Error(`${props.code} is not a folder`);
        }
        const { environmentVariables: before = {} } = cloud.read()[name] ?? {};
        this.#compare(before, props.environmentVariables);
        const answeredNo = cloud.read().answers?.[name] === "no";
        if (!answeredNo) {
            cloud.ask(name, "CreateFunction");
            cloud.change(name, this.#toFunction(props));
        }
        cloud.ask(name, "CreateTrigger");
        cloud.change(name, { functionName: props.functionName, triggers: props.triggers });
        if (props.customDomain) {
            this.#bind(props);
        }
        cloud.ask(name, "PutConcurrencyConfig");
        cloud.change(name, props.concurrencyConfig);
        return answeredNo ? undefined : cloud.read()[name];
    }

    /** Prints what differs, as @serverless-devs/diff does: old values, too. */
    #compare(before, after) {
        for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
            if (Object.keys(before).length > 0 && before[name] !== after[name]) {
                const both = [before[name], after[name]].filter((text) => text !== undefined);
                this.logger.write(`   ${name}: ${both.join(" => ")}`);
            }
        }
    }

    #toFunction({ region, triggers: _, code: __, customDomain: ___, concurrencyConfig: ____, ...config }) {
        const host = `https://${config.functionName}-abcdefghij.${region}`;
        return {
            region,
            ...config,
            role: config.role.toLowerCase(),
            functionArn: `acs:fc:${region}:1234567890123456:functions/${config.functionName}`,
            state: "Active",
            url: { system_url: `${host}.fcapp.run`, system_intranet_url: `${host}-vpc.fcapp.run` },
        };
    }

    #bind({ customDomain, functionName }) {
        if (!/^\d+$/.test(customDomain.certConfig.certId)) {
            throw new Error("InvalidParameter: CertId");
        }
        cloud.change("domains", { [customDomain.domainName]: [functionName] });
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
        const { name } = inputs.resource;
        this.#unbind(name, inputs.props);
        if (!cloud.read()[name]) {
            return;
        }
        try {
            for (const { triggerName } of cloud.read()[name].triggers) {
                this.#removeTrigger(name, triggerName);
            }
            cloud.change(name, { reservedConcurrency: undefined });
            cloud.ask(name, "DeleteFunction");
            cloud.drop(name);
        } catch (fault) {
            this.logger.error(`remove error: ${fault.message}`);
        }
    }

    #unbind(name, { customDomain }) {
        try {
            cloud.ask(name, "DeleteCustomDomain");
            cloud.change("domains", customDomain ? { [customDomain.domainName]: undefined } : {});
        } catch (fault) {
            this.logger.warn(`removeCustomDomain error: ${fault}`);
        }
    }

    #removeTrigger(name, trigger) {
        try {
            cloud.ask(name, "DeleteTrigger");
            const { triggers } = cloud.read()[name];
            cloud.change(name, { triggers: triggers.filter(({ triggerName }) => triggerName !== trigger) });
        } catch (fault) {
            this.logger.error(`${fault}`);
        }
    }
};
