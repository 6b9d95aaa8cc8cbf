// Reads a list of evaluated ROS templates, each the resources {name: {Type, Properties}}, as JSON on standard input, and has
// each resource checked and rendered by the vendor's own classes (npm @alicloud/ros-cdk-*). Prints the faults of each
// template, a list of lists, as JSON.
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import * as core from "@alicloud/ros-cdk-core";
import * as oss from "@alicloud/ros-cdk-oss";
import * as ram from "@alicloud/ros-cdk-ram";
import * as sls from "@alicloud/ros-cdk-sls";

const classes = new Map(
    [oss, ram, sls]
        .flatMap((module) => Object.values(module.default ?? module))
        .filter((made) => made?.ROS_RESOURCE_TYPE_NAME)
        .map((made) => [made.ROS_RESOURCE_TYPE_NAME, made]),
);

// BucketName → bucketName, CORSRule → corsRule, ID → id: how the classes name what the template names. An HTTP header's
// name stays.
const camel = (name) =>
    name.includes("-") ? name : name.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (head) => head.toLowerCase());

const inCamelCase = (value) => {
    if (Array.isArray(value)) {
        return value.map(inCamelCase);
    }
    if (value === null || typeof value !== "object") {
        return value;
    }
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [camel(name), inCamelCase(inner)]));
};

const withoutUndefined = (value) => {
    if (Array.isArray(value)) {
        return value.map(withoutUndefined);
    }
    if (value === null || typeof value !== "object") {
        return value;
    }
    const kept = Object.entries(value).filter(([, inner]) => inner !== undefined);
    return Object.fromEntries(kept.map(([name, inner]) => [name, withoutUndefined(inner)]));
};

const fault = (name, { Type, Properties }) => {
    const Made = classes.get(Type);
    if (!Made) {
        return `${name}: ${Type} is unknown`;
    }
    const stack = new core.default.Stack(new core.default.App(), "stack");
    try {
        const properties = inCamelCase(Properties);
        const resource = new Made(stack, name, properties, true);
        const rendered = withoutUndefined(resource.renderProperties(resource.rosProperties));
        return isDeepStrictEqual(rendered, Properties)
            ? ""
            : `${name}: rendered as ${JSON.stringify(rendered)}, not ${JSON.stringify(Properties)}`;
    } catch (error) {
        return `${name}: ${error.message}`;
    }
};

const templates = JSON.parse(readFileSync(0, "utf8"));
const faults = templates.map((resources) => Object.entries(resources).map(([name, resource]) => fault(name, resource)));
console.log(JSON.stringify(faults.map((each) => each.filter((found) => found !== ""))));
