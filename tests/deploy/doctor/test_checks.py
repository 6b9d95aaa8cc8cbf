"""The checks of `make doctor`: each finds its fault, once; on the defaults only what the owner must decide is named."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from deploy.bucket_rules import EXPOSED_HEADERS
from deploy.cors_rules import CorsRule
from deploy.doctor import command as doctor
from deploy.doctor.checks import CHECKS, not_made
from deploy.doctor.live_bucket import LiveBuckets, Referers, Website
from deploy.doctor.live_certificates import LiveCertificate
from deploy.doctor.live_resource import LiveResource
from deploy.lifecycle_rules import ExpiryRule, PartsRule
from support.factories import NOON
from support.sound_deployment import (
    ACCOUNT,
    BUCKET_URL,
    CALLBACK_ROLE,
    DAY,
    DEFAULT_DECISIONS,
    MAY_BECOME,
    PLACE,
    SEEN,
    SIGN_ROLE,
    SITE,
    SITE_BUCKET,
    UPLOAD_ROLE,
    UPLOADS,
    SoundDeployment,
    alert,
    arn,
    logstore,
    role,
    rule_for,
)
from support.tokens import new_secret

Spoil = Callable[[SoundDeployment], object]


def policy(**statement: object) -> str:
    """Returns a bucket's policy that denies something in all of the upload bucket."""
    return json.dumps({"Statement": [{"Effect": "Deny", "Resource": [f"acs:oss:*:*:{UPLOADS}/*"], **statement}]})


def see_cors(given: SoundDeployment, *rules: CorsRule, **stated: list[str]) -> None:
    """Sets these rules in the live bucket, and what the template states of them."""
    given.cors().update(stated)
    given.see(cors=rules)


def of_another_region(given: SoundDeployment) -> SoundDeployment:
    """Returns a bucket in another region than the functions'."""
    given.settings["OSS_REGION"] = "ap-southeast-1"
    return given


def lifecycle_of(given: SoundDeployment) -> list[dict[str, object]]:
    """Returns the lifecycle rules that the template declares."""
    rules: list[dict[str, object]] = given.properties("Uploads")["LifecycleConfiguration"]["Rule"]
    return rules


def only_if_unknown(value: object) -> dict[str, object]:
    """Returns a value that is known only while deploying."""
    return {"Fn::If": ["Unknown", value, {"Ref": "ALIYUN::NoValue"}]}


def show(given: SoundDeployment, **certificate: Any) -> None:
    """Has a domain show this certificate."""
    given.certificates = (LiveCertificate("up.example.com", **certificate),)


SEEDS: list[tuple[str, Spoil, str]] = [
    ("missing", lambda g: setattr(g, "missing", ("JWT_SECRET",)), "s.yaml asks for JWT_SECRET, which is not set."),
    ("settings", lambda g: g.settings.update(EXPIRES_IN="5"), "EXPIRES_IN must be 60 to 3000 seconds, not '5'."),
    ("settings", lambda g: g.settings.update(AUTH="maybe"), "AUTH must be jwt, or none to let anybody upload, not 'maybe'."),
    ("settings", lambda g: g.settings.update(LOCAL="on"), "LOCAL is for laptops only: remove it from the function's environment."),
    ("prefix", lambda g: g.settings.update(UPLOAD_PREFIX=""), "UPLOAD_PREFIX is set, and empty: the function takes `uploads` then."),
    ("prefix", lambda g: g.settings.update(UPLOAD_PREFIX="../up"), "UPLOAD_PREFIX must be a relative path of letters, digits and . _ - such as uploads, not '../up'."),
    ("origins", lambda g: g.settings.update(ALLOWED_ORIGINS="*"), "ALLOWED_ORIGINS must list exact origins such as https://app.example.com, not '*'."),
    ("origins", lambda g: g.settings.update(ALLOWED_ORIGINS=f"{SITE},null"), "ALLOWED_ORIGINS must list exact origins such as https://app.example.com, not 'null'."),
    ("origins", lambda g: g.settings.update(ALLOWED_ORIGINS=f"https://a.example/page,{SITE}"), "ALLOWED_ORIGINS must list exact origins such as https://app.example.com, not 'https://a.example/page'."),
    ("jwt", lambda g: g.settings.update(JWT_SECRET="short"), "JWT_SECRET must have at least 32 bytes; make one with: openssl rand -hex 32."),
    ("jwt", lambda g: g.settings.update(JWT_SECRET="changeme" * 8), "JWT_SECRET has fewer than 10 different characters: nobody made that at random."),
    ("identity", lambda g: g.settings.pop("JWT_SECRET"), "Neither JWT_SECRET nor JWT_JWKS is set, and JWT_ISSUER is no provider's address."),
    ("jwt", lambda g: g.settings.update(JWT_SECRET="", JWT_ISSUER="https://id.example.com/"), "JWT_AUDIENCE is missing."),
    ("jwt", lambda g: g.settings.update(JWT_JWKS="{}"), "JWT_SECRET and JWT_JWKS are both set: remove one."),
    ("prefix", lambda g: g.settings.update(UPLOAD_PREFIX="uploads/"), "UPLOAD_PREFIX ends in a slash: the roles' rights are made of it and another one."),
    ("auth", lambda g: g.settings.update(AUTH="none"), "AUTH is set to none."),
    ("environment-size", lambda g: g.settings.update(NOTE="x" * 4096), "The function's environment has {size} bytes, of 4,096."),
    ("environment-strings", lambda g: g.settings.update(EXPIRES_IN=600), "EXPIRES_IN in s.yaml is not a string, but int."),
    ("methods", lambda g: g.trigger.update(methods=["GET", "POST"]), "The trigger's methods lack OPTIONS."),
    ("auth-type", lambda g: g.trigger.update(authType="function"), "The trigger's authType is function."),
    ("auth-type", lambda g: g.trigger.pop("authType"), "The trigger's authType is not stated."),
    ("timeout", lambda g: g.function.pop("timeout"), "The function's timeout is not stated: it is 3 seconds then."),
    ("timeout", lambda g: g.function.update(timeout=3), "The function's timeout is 3 seconds."),
    ("log", lambda g: g.function.pop("logConfig"), "The function has no logConfig: a deployment switches its log off."),
    ("log", lambda g: g.function.update(logConfig="auto"), "The function's logConfig is auto: a project and a logstore that no removal takes away."),
    ("role", lambda g: g.function.update(role="auto"), "The function's role is auto."),
    ("role", lambda g: g.function.update(role=arn("another")), f"The function's role {arn('another')} is not one of the template's."),
    ("runtime", lambda g: g.function.update(runtime="python3.11"), "The runtime is python3.11; this function is for python3.12 or python3.10."),
    ("runtime", lambda g: g.function.update(region="ap-southeast-1"), "Function Compute has no python3.12 in ap-southeast-1."),
    ("grants", lambda g: g.statement("SignRole").update(Resource=["*"]), f"The role {SIGN_ROLE} may do sts:AssumeRole on *."),
    ("grants", lambda g: g.statement("SignRole").update(Action=["sts:*"]), f"The role {SIGN_ROLE} may do sts:* on {MAY_BECOME}."),
    ("grants", lambda g: g.statement("SignRole")["Resource"].append(f"acs:ram:*:{ACCOUNT}:role/admin"), f"The role {SIGN_ROLE} may do sts:AssumeRole on acs:ram:*:{ACCOUNT}:role/admin."),
    ("grants", lambda g: g.allow("SignRole", Action=["ram:CreateAccessKey"], Resource=["*"]), f"The role {SIGN_ROLE} may do ram:CreateAccessKey on *."),
    ("grants", lambda g: g.statement("UploadRole")["Resource"].append(f"acs:oss:*:{ACCOUNT}:{UPLOADS}/*"), f"The role {UPLOAD_ROLE} may do oss:PutObject on acs:oss:*:{ACCOUNT}:{UPLOADS}/*."),
    ("grants", lambda g: g.statement("UploadRole")["Resource"].append(f"acs:oss:*:*:{UPLOADS}/uploads/*"), f"The role {UPLOAD_ROLE} may do oss:PutObject on acs:oss:*:*:{UPLOADS}/uploads/*."),
    ("grants", lambda g: g.statement("UploadRole")["Resource"].append(f"acs:oss:*::{UPLOADS}/uploads/*"), f"The role {UPLOAD_ROLE} may do oss:PutObject on acs:oss:*::{UPLOADS}/uploads/*."),
    ("grants", lambda g: g.statement("UploadRole")["Resource"].append(f"acs:oss:*:{ACCOUNT}:{UPLOADS}/UPLOADS/*"), f"The role {UPLOAD_ROLE} may do oss:PutObject on acs:oss:*:{ACCOUNT}:{UPLOADS}/UPLOADS/*."),
    ("grants", lambda g: g.allow("UploadRole", Action=["oss:GetObject", "oss:DeleteObject", "oss:PutObjectAcl"], Resource=[PLACE]), f"The role {UPLOAD_ROLE} may do oss:GetObject, oss:DeleteObject, oss:PutObjectAcl on {PLACE}."),
    ("grants", lambda g: g.allow("UploadRole", Action="oss:GetObject", Resource=PLACE, Condition={"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}), f"The role {UPLOAD_ROLE} may do oss:GetObject on {PLACE} under a condition."),
    ("grants", lambda g: g.allow("UploadRole", NotAction=["oss:GetObject"], Resource=[PLACE]), f"The role {UPLOAD_ROLE} may do all but oss:GetObject on {PLACE}."),
    ("grants", lambda g: g.allow("UploadRole", Action=["oss:PutObject"], NotResource=["acs:oss:*:*:other"]), f"The role {UPLOAD_ROLE} may do oss:PutObject on all but acs:oss:*:*:other."),
    ("grants", lambda g: g.allow("CallbackRole", Action=["oss:DeleteObject"], Resource=[PLACE]), f"The role {CALLBACK_ROLE} may do oss:DeleteObject on {PLACE}."),
    ("grants", lambda g: g.statements("CallbackRole").append({"Effect": {"Ref": "Effect"}, "Action": "oss:ListObjects", "Resource": "*"}), f"The role {CALLBACK_ROLE} may do oss:ListObjects (or is denied it) on *."),
    ("grants", lambda g: g.properties("UploadRole")["Policies"].append({"PolicyName": "more", "PolicyDocument": "{"}), f"The role {UPLOAD_ROLE} may do what cannot be read here on what cannot be read here."),
    ("grants", lambda g: g.properties("UploadRole")["Policies"].append({"PolicyName": "more", "PolicyDocument": '{"Statement": {"Effect": "Allow", "Action": "oss:*", "Resource": "*"}}'}), f"The role {UPLOAD_ROLE} may do oss:* on *."),
    ("grants", lambda g: g.properties("SignRole").update(PolicyAttachments={"System": ["AliyunSTSAssumeRoleAccess"]}), f"The role {SIGN_ROLE} has AliyunSTSAssumeRoleAccess attached."),
    ("grants", lambda g: g.properties("SignRole").update(PolicyAttachments={"Custom": ["own"]}), f"The role {SIGN_ROLE} has own attached."),
    ("extra-resources", lambda g: g.template.update(More=role("more", {"RAM": ["*"]})), "The template makes the role more, which is not one of the three."),
    ("extra-resources", lambda g: g.template.update(Attach={"Type": "ALIYUN::RAM::AttachPolicyToRole", "Properties": {"RoleName": UPLOAD_ROLE}}), "The template makes Attach, which is ALIYUN::RAM::AttachPolicyToRole."),
    ("grants", lambda g: g.properties("SignRole").update(PolicyAttachments="AliyunOSSFullAccess"), f"The role {SIGN_ROLE} has AliyunOSSFullAccess attached."),
    ("extra-resources", lambda g: g.resources.update(more={"component": "ros", "props": {}}), "s.yaml makes more besides, with the component ros."),
    ("extra-resources", lambda g: g.resources.update(more={"component": "fc3", "props": {"role": arn(SIGN_ROLE)}}), "s.yaml makes more besides, with the component fc3."),
    ("extra-resources", lambda g: g.resources.update(site={"component": "ros", "props": {"template": "more.yaml", "bucket": SITE_BUCKET}}), "s.yaml makes site with the component ros."),
    ("extra-resources", lambda g: g.resources.update(site={"component": "site", "props": {"bucket": SITE_BUCKET}}), "s.yaml makes site with the component site."),
    ("extra-resources", lambda g: g.properties("SignRole")["Policies"][0].update(PolicyDocumentUnchecked={"Statement": []}), f"The template's role {SIGN_ROLE} has PolicyDocumentUnchecked, which is not read here."),
    ("extra-resources", lambda g: g.properties("SignRole").update(More="x"), f"The template's role {SIGN_ROLE} has More, which is not read here."),
    ("extra-resources", lambda g: g.template.update(More={"Type": "ALIYUN::FC3::Function"}), "The template makes More, which is ALIYUN::FC3::Function."),
    ("extra-resources", lambda g: g.template.update(More={"Type": "ALIYUN::OSS::Bucket", "Properties": {"BucketName": "more"}}), "The template makes the bucket more, which is not one of the two."),
    ("extra-resources", lambda g: g.properties("SignRole").update(IgnoreExisting=True), f"The template takes a role {SIGN_ROLE} that is there already, whatever its rights."),
    ("extra-resources", lambda g: g.properties("Uploads").update(DeletionForce=True), f"The template deletes the bucket {UPLOADS} with all its files where the stack is deleted."),
    ("extra-resources", lambda g: g.properties("Site").update(DeletionForce="true"), f"The template deletes the bucket {SITE_BUCKET} with all its files where the stack is deleted."),
    ("extra-resources", lambda g: g.properties("Uploads").update(LoggingConfiguration={"TargetBucket": "b"}), f"The template's bucket {UPLOADS} has LoggingConfiguration, which is not read here."),
    ("extra-resources", lambda g: g.properties("Uploads").update(WebsiteConfigurationV2={"IndexDocument": {"Suffix": "i"}}), f"The template's bucket {UPLOADS} has WebsiteConfigurationV2.IndexDocument, which is not read here."),
    ("extra-resources", lambda g: g.properties("Site").update(WebsiteConfigurationV2={"IndexDocument": {"Suffix": "i"}, "RoutingRules": []}), f"The template's bucket {SITE_BUCKET} has WebsiteConfigurationV2.RoutingRules, which is not read here."),
    ("extra-resources", lambda g: g.template.update(Part={"Type": "MODULE::own::part::More"}), "The template makes Part, which is MODULE::own::part::More."),
    ("extra-resources", lambda g: g.template.update(Stack={"Type": "ALIYUN::ROS::Stack"}), "The template makes Stack, which is ALIYUN::ROS::Stack."),
    ("extra-resources", lambda g: g.template.update(More=logstore("odu", "more")), "The template makes More, which is ALIYUN::SLS::Logstore."),
    ("extra-resources", lambda g: g.template.update(More=g.template["Charts"]), "The template makes More, which is ALIYUN::SLS::Dashboard."),
    ("extra-resources", lambda g: g.template.update(More=alert(EmailList=["a@b"])), "The template makes More, which is ALIYUN::SLS::Alert."),
    ("extra-resources", lambda g: g.notify(EmailList=["a@b", "evil@example.com"]), "The template's alert More notifies others than ALERT_EMAIL or ALERT_URL."),
    ("extra-resources", lambda g: g.notify(EmailList=["a@b"], MobileList=["1"]), "The template's alert More notifies others than ALERT_EMAIL or ALERT_URL."),
    ("extra-resources", lambda g: g.notify(ServiceUri="https://evil.example/"), "The template's alert More notifies others than ALERT_EMAIL or ALERT_URL."),
    ("extra-resources", lambda g: g.template.update(More=logstore("another", "sign")), "The template makes More, which is ALIYUN::SLS::Logstore."),
    ("extra-resources", lambda g: g.template.update(More=logstore("odu", "Lines.LogstoreName", kind="Index")), "The template makes More, which is ALIYUN::SLS::Index."),
    ("extra-resources", lambda g: g.template.update(More={"Type": "ALIYUN::SLS::Project", "Properties": {"Name": "more"}}), "The template makes More, which is ALIYUN::SLS::Project."),
    ("extra-resources", lambda g: g.template.update(More={"Type": "ALIYUN::SLS::MachineGroup", "Properties": {"ProjectName": "odu"}}), "The template makes More, which is ALIYUN::SLS::MachineGroup."),
    ("extra-resources", lambda g: g.properties("Lines").update(EncryptConf={"UserCmkInfo": {}}), "The template's Lines has EncryptConf, which is not read here."),
    ("function-rights", lambda g: g.statements("SignRole").pop(0), f"The role {SIGN_ROLE} may not do sts:AssumeRole on {MAY_BECOME}."),
    ("function-rights", lambda g: g.statements("CallbackRole").pop(), f"The role {CALLBACK_ROLE} may not do log:PostLogStoreLogs on acs:log:*:{ACCOUNT}:project/odu/logstore/callback."),
    ("upload-right", lambda g: g.statements("UploadRole").pop(0), f"The role {UPLOAD_ROLE} may not do oss:PutObject on {PLACE}."),
    ("upload-right", lambda g: g.statement("UploadRole").update(Condition={"Bool": {"acs:SecureTransport": "true"}}), f"The role {UPLOAD_ROLE} may do oss:PutObject on {PLACE} only under a condition."),
    ("upload-right", lambda g: g.statements("UploadRole").append({"Effect": "Deny", "Action": "oss:Put*", "Resource": "*"}), f"The role {UPLOAD_ROLE} is denied oss:PutObject on {PLACE}."),
    ("denials", lambda g: g.statements("UploadRole").append({"Effect": "Deny", "Action": ["oss:PutObject"], "Resource": [f"acs:oss:*:*:{UPLOADS}/uploads/*.exe"]}), f"The role {UPLOAD_ROLE} is denied oss:PutObject on acs:oss:*:*:{UPLOADS}/uploads/*.exe."),
    ("denials", lambda g: g.statements("UploadRole").append({"Effect": "Deny", "NotAction": ["oss:*"], "Resource": ["*"]}), f"The role {UPLOAD_ROLE} is denied all but oss:* on *."),
    ("upload-right", lambda g: g.statements("UploadRole").append({"Effect": "Deny", "NotAction": ["oss:ListParts", "oss:Abort*"], "NotResource": "acs:oss:*:*:elsewhere/*"}), f"The role {UPLOAD_ROLE} is denied oss:PutObject on {PLACE}."),
    ("trust-missing", lambda g: g.statements_of_trust("SignRole").append({"Effect": "Deny", "Action": "*", "NotPrincipal": {"Service": ["ecs.aliyuncs.com"]}}), f"The role {SIGN_ROLE} refuses fc.aliyuncs.com."),
    ("grants", lambda g: g.allow("SignRole", Action="ram:*", Resource="*", Principal={}), f"The role {SIGN_ROLE} may do ram:* on *."),
    ("grants", lambda g: g.allow("SignRole", Action="ram:*", Resource="*", Principal={"RAM": []}), f"The role {SIGN_ROLE} may do ram:* on *."),
    ("trust", lambda g: g.statements_of_trust("SignRole").append({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Federated": ["fc.aliyuncs.com"]}}), f"The role {SIGN_ROLE} trusts Federated fc.aliyuncs.com."),
    ("role", lambda g: g.settings.update(OSS_STS_ROLE_ARN=f"acs:ram::99999:role/{UPLOAD_ROLE}"), f"The upload role acs:ram::99999:role/{UPLOAD_ROLE} is of another account than the function's."),
    ("denials", lambda g: g.statements("UploadRole").append({"Effect": "Deny", "Action": ["*"], "Resource": ["*"], "Condition": {"Bool": {"acs:SecureTransport": "false"}}}), f"The role {UPLOAD_ROLE} is denied * on * under a condition."),
    ("session", lambda g: g.properties("UploadRole").update(MaxSessionDuration=43200), f"A session of the role {UPLOAD_ROLE} may last 43200 seconds, not 3600."),
    ("trust", lambda g: g.trust("UploadRole", RAM=[arn(SIGN_ROLE), f"acs:ram::{ACCOUNT}:root"]), f"The role {UPLOAD_ROLE} trusts acs:ram::{ACCOUNT}:root."),
    ("trust", lambda g: g.trust("UploadRole", RAM=["*"]), f"The role {UPLOAD_ROLE} trusts *."),
    ("trust", lambda g: g.trust("SignRole", Service=["fc.aliyuncs.com", "ecs.aliyuncs.com"]), f"The role {SIGN_ROLE} trusts ecs.aliyuncs.com."),
    ("trust", lambda g: g.statements_of_trust("UploadRole")[0].update(Action=["sts:AssumeRole", "sts:SetSourceIdentity"]), f"The role {UPLOAD_ROLE} trusts {arn(SIGN_ROLE)} with sts:SetSourceIdentity."),
    ("trust", lambda g: g.statements_of_trust("UploadRole").append({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}), f"The role {UPLOAD_ROLE} trusts *."),
    ("trust-missing", lambda g: g.statements_of_trust("UploadRole").clear(), f"The role {UPLOAD_ROLE} does not trust {arn(SIGN_ROLE)}."),
    ("trust-missing", lambda g: g.statements_of_trust("SignRole")[0].update(Condition={"StringEquals": {"sts:ExternalId": "x"}}), f"The role {SIGN_ROLE} trusts fc.aliyuncs.com only under a condition."),
    ("trust-missing", lambda g: g.statements_of_trust("SignRole").append({"Effect": "Deny", "Action": "*", "Principal": {"Service": ["fc.aliyuncs.com"]}}), f"The role {SIGN_ROLE} refuses fc.aliyuncs.com."),
    ("policy", lambda g: g.properties("Uploads").update(Policy={"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["oss:GetObject"], "Principal": ["*"], "Resource": [f"acs:oss:*:*:{UPLOADS}/*"]}]}), f"The bucket Uploads of the template has a policy that allows * oss:GetObject on acs:oss:*:*:{UPLOADS}/*."),
    ("policy", lambda g: g.see(policy='{"Statement":[{"Effect":"Allow","Action":["oss:PutObject","oss:ListObjects"],"Principal":["42"],"Resource":["r"]}]}'), "The live bucket b has a policy that allows 42 oss:PutObject, oss:ListObjects on r."),
    ("policy", lambda g: g.see(policy="no JSON"), "The live bucket b has a policy that allows what cannot be read here on what cannot be read here."),
    ("policy-denials", lambda g: g.see(policy='{"Statement":[{"Effect":"Deny","Action":["oss:*"],"Principal":["*"],"Resource":["r"],"Condition":{"Bool":{"acs:SecureTransport":["false"]}}}]}'), "The live bucket b has a policy that denies * oss:* on r under a condition."),
    ("policy-refusals", lambda g: g.see(policy=policy(Action="oss:PutObject", Principal=["*"])), f"The live bucket b has a policy that denies the role {UPLOAD_ROLE} oss:PutObject on {PLACE}."),
    ("policy-refusals", lambda g: g.see(policy=policy(Action="oss:Put*", Principal=[f"arn:sts::{ACCOUNT}:assumed-role/{UPLOAD_ROLE}/*"])), f"The live bucket b has a policy that denies the role {UPLOAD_ROLE} oss:PutObject on {PLACE}."),
    ("policy-refusals", lambda g: g.see(policy=policy(NotAction=["oss:PutObject", "oss:ListParts", "oss:Abort*"], NotPrincipal=["42"])), f"The live bucket b has a policy that denies the role {CALLBACK_ROLE} oss:GetObject on {PLACE}."),
    ("policy-refusals", lambda g: g.properties("Uploads").update(Policy=json.loads(policy(Action="oss:PutObject", Principal={"RAM": arn(UPLOAD_ROLE)}))), f"The bucket Uploads of the template has a policy that denies the role {UPLOAD_ROLE} oss:PutObject on {PLACE}."),
    ("policy-denials", lambda g: g.see(policy=policy(Action="oss:PutObject", Principal=["42"])), f"The live bucket b has a policy that denies 42 oss:PutObject on acs:oss:*:*:{UPLOADS}/*."),
    ("policy-denials", lambda g: g.see_site(policy=policy(Action="oss:PutObject", Principal=["*"])), f"The page's live bucket s has a policy that denies * oss:PutObject on acs:oss:*:*:{UPLOADS}/*."),
    ("policy-refusals", lambda g: g.see(policy=policy(Action="oss:PutObject", Principal=["*"], Resource=f"acs:oss:oss-cn-hongkong:{ACCOUNT}:{UPLOADS}/*")), f"The live bucket b has a policy that denies the role {UPLOAD_ROLE} oss:PutObject on {PLACE}."),
    ("upload-right", lambda g: g.allow("UploadRole", Effect="Deny", Action="oss:PutObject", Resource=f"acs:oss:oss-cn-hongkong:{ACCOUNT}:{UPLOADS}/*"), f"The role {UPLOAD_ROLE} is denied oss:PutObject on {PLACE}."),
    ("policy-refusals", lambda g: of_another_region(g).see(policy=policy(Action="oss:PutObject", Principal=["*"], Resource=f"acs:oss:oss-ap-southeast-1:{ACCOUNT}:{UPLOADS}/*")), f"The live bucket b has a policy that denies the role {UPLOAD_ROLE} oss:PutObject on {PLACE}."),
    ("policy-denials", lambda g: of_another_region(g).see(policy=policy(Action="oss:PutObject", Principal=["*"], Resource="acs:oss:oss-cn-hongkong:*:*")), "The live bucket b has a policy that denies * oss:PutObject on acs:oss:oss-cn-hongkong:*:*."),
    ("upload-right", lambda g: of_another_region(g).allow("UploadRole", Effect="Deny", Action="oss:PutObject", Resource=f"acs:oss:ap-southeast-1:{ACCOUNT}:{UPLOADS}/*"), f"The role {UPLOAD_ROLE} is denied oss:PutObject on {PLACE}."),
    ("function-rights", lambda g: of_another_region(g).allow("SignRole", Effect="Deny", Action="log:*", Resource=f"acs:log:cn-hongkong:{ACCOUNT}:*"), f"The role {SIGN_ROLE} is denied log:PostLogStoreLogs on acs:log:*:{ACCOUNT}:project/odu/logstore/sign."),
    ("policy-refusals", lambda g: g.see(policy=policy(Action="oss:PutObject", Principal=[])), f"The live bucket b has a policy that denies the role {UPLOAD_ROLE} oss:PutObject on {PLACE}."),
    ("policy-refusals", lambda g: g.see(policy=policy(Action="oss:PutObject", Principal=[f"arn:sts::{ACCOUNT}:assumed-role/{UPLOAD_ROLE}/odu-*"])), f"The live bucket b has a policy that denies the role {UPLOAD_ROLE} oss:PutObject on {PLACE}."),
    ("policy", lambda g: g.see(policy=json.dumps({"Statement": [{"Effect": "Allow", "Action": "oss:GetObject", "Principal": [], "Resource": "r"}]})), "The live bucket b has a policy that allows * oss:GetObject on r."),
    ("policy-denials", lambda g: g.see(policy=policy(Action="oss:PutObject", Principal=[ACCOUNT])), f"The live bucket b has a policy that denies this account, {ACCOUNT} oss:PutObject on acs:oss:*:*:{UPLOADS}/*: whether OSS counts the account's roles in, its documents do not say."),
    ("policy-denials", lambda g: g.see(policy=policy(Action="oss:PutObject", Principal={"RAM": [f"acs:ram::{ACCOUNT}:root"]})), f"The live bucket b has a policy that denies this account, acs:ram::{ACCOUNT}:root oss:PutObject on acs:oss:*:*:{UPLOADS}/*: whether OSS counts the account's roles in, its documents do not say."),
    ("policy-denials", lambda g: g.see(policy=policy(Action="oss:DeleteObject", Principal=[ACCOUNT])), f"The live bucket b has a policy that denies {ACCOUNT} oss:DeleteObject on acs:oss:*:*:{UPLOADS}/*."),
    ("upload-right", lambda g: g.allow("UploadRole", Effect="deny", Action="oss:PutObject", Resource=PLACE), f"The role {UPLOAD_ROLE} is denied oss:PutObject on {PLACE}."),
    ("grants", lambda g: g.allow("UploadRole", Effect={"Fn::If": ["Nobody", "Allow", "Deny"]}, Action="oss:PutObject", Resource=PLACE), f"The role {UPLOAD_ROLE} may do oss:PutObject (or is denied it) on {PLACE}."),
    ("grants", lambda g: g.statements("UploadRole").append({"Effect": "Allow", "Action": "oss:PutObject", "Resource": PLACE, "action": "ram:*"}), f"The role {UPLOAD_ROLE} may do what cannot be read here on what cannot be read here."),
    ("configuration", lambda g: g.deploy(lambda there: there.function.update(handler="evil.handler", layers=["l"])), "Live: The function differs from s.yaml in handler, layers."),
    ("callback-url", lambda g: (g.switch_on(), g.deploy(lambda there: there.callback["triggers"][0].update(httpTrigger={"urlInternet": "https://cb.example.com"}))), "Live: CALLBACK_URL is not the address of the live callback function."),
    ("asynchronous", lambda g: g.deploy(lambda there: there.callback.update(asyncInvokeConfigs=[{"asyncTask": True}])), "Live: The callback function's asynchronous calls differ from s.yaml in asyncTask."),
    ("concurrency", lambda g: g.deploy(lambda there: there.function.update(concurrencyConfigs=[{"reservedConcurrency": 300}])), "Live: The function's reservedConcurrency is 300, and in s.yaml no limit."),
    ("not-checked", lambda g: g.deploy(lambda there: there.function.update(newlyMade="x")), "Live: The function has newlyMade, which is not checked."),
    ("deletions", lambda g: g.see(expiry=(ExpiryRule("uploads/a/", 1),)), "The live bucket b deletes uploads after 1 day, and KEEP_DAYS is 0."),
    ("deletions", lambda g: g.keep_a_month(ExpiryRule("", 29), ExpiryRule("", 30), ExpiryRule("other/", 1)), "The live bucket b deletes uploads after 29 days, and KEEP_DAYS is 30."),
    ("deletions", lambda g: lifecycle_of(g).append({"Status": "Enabled", "Expiration": {"Days": "1"}}), "The bucket Uploads of the template deletes uploads after 1 day, and KEEP_DAYS is 0."),
    ("deletions", lambda g: lifecycle_of(g).append({"Prefix": "uploads/a", "Expiration": {"CreatedBeforeDate": "2030-01-01T00:00:00.000Z"}}), "The bucket Uploads of the template deletes uploads of before a date, and KEEP_DAYS is 0."),
    ("deletions", lambda g: g.see(expiry=(ExpiryRule("", 0),)), "The live bucket b deletes uploads of before a date, and KEEP_DAYS is 0."),
    ("auth-live", lambda g: g.deploy(lambda there: there.settings.update(AUTH="none")), "Live: AUTH is set to none, unlike in s.yaml."),
    ("auth", lambda g: (g.settings.update(AUTH=" none "), g.deploy(lambda there: there.settings.update(AUTH="none"))), "AUTH is set to none."),
    ("drift", lambda g: g.deploy(lambda there: there.settings.update(OSS_BUCKET="b", ALLOWED_ORIGINS="https://evil.example", JWT_SECRET=new_secret(), AUTH="jwks", NOTE="")), "Live: The function differs from s.yaml in OSS_BUCKET, ALLOWED_ORIGINS, AUTH, JWT_SECRET."),
    ("drift", lambda g: g.deploy(lambda there: there.callback["environmentVariables"].update(WEBHOOK_URL="https://evil.example/")), "Live: The callback function differs from s.yaml in WEBHOOK_URL."),
    ("triggers", lambda g: g.function["triggers"].append({"triggerName": "each-day", "triggerType": "timer"}), "The function has another trigger, each-day (timer)."),
    ("triggers", lambda g: g.deploy(lambda there: there.function["triggers"].insert(0, {"triggerName": "old", "triggerType": "http", "triggerConfig": {"authType": "anonymous"}})), "Live: The function has another trigger, old (http, open to anybody)."),
    ("triggers", lambda g: g.deploy(lambda there: there.function["triggers"][0].update(qualifier="1")), "Live: The function's trigger http calls its version 1."),
    ("triggers", lambda g: g.deploy(lambda there: there.callback["triggers"].append({"triggerName": "t", "triggerType": "oss"})), "Live: The callback function has another trigger, t (oss)."),
    ("site-policy", lambda g: g.properties("Site").update(Policy={"Statement": [{"Effect": "Allow", "Action": "oss:PutObject", "Principal": ["*"], "Resource": "r"}]}), "The bucket Site of the template has a policy that allows * oss:PutObject on r."),
    ("site-policy", lambda g: g.see_site(policy='{"Statement":[{"Effect":"Allow","Action":["oss:PutObject"],"Principal":["*"],"Resource":["r"]}]}'), "The page's live bucket s has a policy that allows * oss:PutObject on r."),
    ("site-website", lambda g: g.see_site(website=Website("evil.html", "404.html")), "The page's live bucket s has the index page evil.html, and in the template index.html."),
    ("site-website", lambda g: g.see_site(website=Website("index.html", "")), "The page's live bucket s has the error page (none), and in the template 404.html."),
    ("site-website", lambda g: g.see_site(website=Website("index.html", "404.html", 1)), "The page's live bucket s has 1 rule that may send requests elsewhere."),
    ("site-website", lambda g: g.see_site(website=Website("index.html", "404.html", 2)), "The page's live bucket s has 2 rules that may send requests elsewhere."),
    ("site-acl", lambda g: g.properties("Site").update(AccessControl="public-read-write"), "The bucket Site of the template is public-read-write."),
    ("site-acl", lambda g: g.see_site(acl="public-read-write"), "The page's live bucket s is public-read-write."),
    ("role", lambda g: g.function.update(role=f"acs:ram::*:role/{SIGN_ROLE}"), f"The function's role is 'acs:ram::*:role/{SIGN_ROLE}', which is no role's ARN."),
    ("log", lambda g: g.callback["logConfig"].update(project="another"), "The callback function's logConfig names the project another, and the function's odu."),
    ("extra-resources", lambda g: g.properties("Uploads").update(LifecycleConfiguration=only_if_unknown({"Rule": [{"Prefix": "", "Expiration": {"Days": 1}}]})), f"The template's bucket {UPLOADS} has LifecycleConfiguration, which only a deployment decides."),
    ("extra-resources", lambda g: lifecycle_of(g).append({"Status": only_if_unknown("Enabled"), "Expiration": {"Days": 1}}), f"The template's bucket {UPLOADS} has LifecycleConfiguration, which only a deployment decides."),
    ("extra-resources", lambda g: g.properties("Uploads").update(VersioningConfiguration=only_if_unknown({"Status": "Enabled"})), f"The template's bucket {UPLOADS} has VersioningConfiguration, which only a deployment decides."),
    ("extra-resources", lambda g: g.properties("Site").update(AccessControl=only_if_unknown("public-read-write")), f"The template's bucket {SITE_BUCKET} has AccessControl, which only a deployment decides."),
    ("log", lambda g: g.callback.pop("logConfig"), "The callback function has no logConfig: a deployment switches its log off."),
    ("log", lambda g: (g.function["logConfig"].update(logstore="*"), g.statements("SignRole")[1].update(Resource=f"acs:log:*:{ACCOUNT}:project/odu/logstore/*")), "The function's logConfig names '*', which is no name."),
    ("role", lambda g: g.callback.update(role=""), "The callback function's role is not stated."),
    ("role", lambda g: g.settings.update(OSS_STS_ROLE_ARN=arn("another")), f"The upload role {arn('another')} is not one of the template's."),
    ("names", lambda g: g.environ.update(NAME="My_App"), "NAME must be 1 to 38 of a-z, 0-9 and -, beginning with a letter, not 'My_App'."),
    ("names", lambda g: g.environ.update(REGION="oss-cn-hangzhou"), "REGION must be the region's ID: cn-hangzhou, not 'oss-cn-hangzhou'."),
    ("names", lambda g: g.environ.update(AccountID="12ab"), "AccountID must be the account's ID, 5 to 20 digits, not '12ab'."),
    ("existence", lambda g: setattr(g, "looked_for", (LiveResource("the upload bucket b", "ACL", "NoSuchBucket"), LiveResource("the role r", "roles"))), "The upload bucket b is not there, though the role r is."),
    ("unread", lambda g: setattr(g, "unread", ("Nothing reads NAMES; did you mean NAME?",)), "Nothing reads NAMES; did you mean NAME?"),
    ("bucket", lambda g: g.properties("Uploads").update(BucketName="another"), f"The template has no bucket {UPLOADS}, which OSS_BUCKET names."),
    ("versioning", lambda g: g.properties("Uploads").update(VersioningConfiguration={"Status": "Suspended"}), "The bucket Uploads of the template has versioning Suspended."),
    ("versioning", lambda g: setattr(g, "live", LiveBuckets(replace(SEEN, versioning="Enabled"))), "The live bucket b has versioning Enabled."),
    ("public-access", lambda g: g.properties("Uploads").pop("BlockPublicAccess"), "The bucket Uploads of the template does not block public access."),
    ("public-access", lambda g: setattr(g, "live", LiveBuckets(replace(SEEN, public_access_blocked=False))), "The live bucket b does not block public access."),
    ("acl", lambda g: g.properties("Uploads").update(AccessControl="public-read"), "The bucket Uploads of the template is public-read."),
    ("acl", lambda g: setattr(g, "live", LiveBuckets(replace(SEEN, acl="public-read-write"))), "The live bucket b is public-read-write."),
    ("cors-wide", lambda g: g.cors().update(AllowedOrigin=["*"]), "The bucket Uploads of the template lets pages of * read its answers."),
    ("cors-wide", lambda g: setattr(g, "live", LiveBuckets(replace(SEEN, cors=(rule_for("https://*.example.com", SITE),)))), "The live bucket b lets pages of https://*.example.com read its answers."),
    ("cors-wide", lambda g: g.cors()["AllowedOrigin"].append("https://evil.example"), "The bucket Uploads of the template lets pages of https://evil.example read its answers, and ALLOWED_ORIGINS does not name it."),
    ("cors-wide", lambda g: g.see(cors=(rule_for(SITE), rule_for("https://evil.example"))), "The live bucket b lets pages of https://evil.example read its answers, and ALLOWED_ORIGINS does not name it."),
    ("cors-headers", lambda g: g.see(cors=(rule_for(SITE, exposed=()),)), f"The live bucket b does not let {SITE} read etag, as the template does."),
    ("cors-headers", lambda g: g.see(cors=(rule_for(SITE, methods=("POST",), exposed=("x-oss-ec",)), rule_for(SITE))), f"The live bucket b does not let {SITE} read etag, as the template does."),
    ("cors-headers", lambda g: g.see(cors=(rule_for(SITE, headers=("content-*",)),)), f"The live bucket b does not let {SITE} send *, as the template does."),
    ("cors-headers", lambda g: see_cors(g, rule_for(SITE, headers=("content-*",)), rule_for(SITE, headers=("x-oss-meta-*",)), AllowedHeader=["Content-MD5", "x-oss-*"]), f"The live bucket b does not let {SITE} send x-oss-*, as the template does."),
    ("cors-headers", lambda g: see_cors(g.send_in_parts(), rule_for(SITE), ExposeHeader=["ETag", "x-oss-ec"]), f"The live bucket b does not let {SITE} read x-oss-ec, as the template does."),
    ("site-blocked", lambda g: g.see_site(public_access_blocked=True), "The page's live bucket s blocks public access."),
    ("site-blocked", lambda g: setattr(g, "live", LiveBuckets(SEEN, account_blocked=True)), "The account blocks public access to all of its buckets."),
    ("page-archived", lambda g: g.see_site(archived=("app.js", "index.html")), "The page's live bucket s has app.js, index.html in an archive."),
    ("profiles", lambda g: g.with_profile(colour="red"), "photos.colour in profiles.json is not known: a profile has content_types, max_size, expires_in, folder_forms, callback, multipart, requires_claim, keep_days."),
    ("profiles", lambda g: g.with_profile(callback=True), "photos.callback in profiles.json cannot be true while CALLBACK is off: set one of them right."),
    ("profiles", lambda g: setattr(g, "profiles", b"{"), "profiles.json is not JSON: Expecting property name enclosed in double quotes, in line 1."),
    ("page-look", lambda g: g.state("site", folder=str(doctor.ROOT / "web"), logo="no.svg"), "PAGE_LOGO must be a file in the page's folder, or a data: address, not 'no.svg'."),
    ("page-look", lambda g: g.state("site", folder=str(doctor.ROOT / "web"), accent="red"), "PAGE_ACCENT must be a colour as #rrggbb, not 'red'."),
    ("page-profile", lambda g: g.environ.update(PAGE_PROFILE="photos"), "PAGE_PROFILE must be a profile, not 'photos': there are none in profiles.json."),
    ("profile-days", lambda g: g.with_profile(ExpiryRule("", 7), keep_days=30).environ.update(KEEP_DAYS="7"), "photos.keep_days in profiles.json is 30, and KEEP_DAYS=7 deletes every file after 7 days: lower the one, or raise the other."),
    ("overdue", lambda g: g.with_profile(keep_days=30), "The live bucket b does not delete uploads of the profile photos after 30 days, as profiles.json says."),
    ("overdue", lambda g: g.with_profile(ExpiryRule("uploads/~photos/", 31), keep_days=30), "The live bucket b does not delete uploads of the profile photos after 30 days, as profiles.json says."),
    ("overdue", lambda g: g.with_profile(ExpiryRule("uploads/~photos/", 30, spares_some=True), keep_days=30), "The live bucket b does not delete uploads of the profile photos after 30 days, as profiles.json says."),
    ("deletions", lambda g: g.with_profile(ExpiryRule("uploads/~photos/", 30), ExpiryRule("uploads/~photos/a/", 7), keep_days=30), "The live bucket b deletes uploads of the profile photos after 7 days, and its keep_days is 30."),
    ("deletions", lambda g: g.with_profile(ExpiryRule("uploads/~photos/", 30), ExpiryRule("uploads/~photos/", 0), keep_days=30), "The live bucket b deletes uploads of the profile photos of before a date, and its keep_days is 30."),
    ("deletions", lambda g: g.with_profile(ExpiryRule("uploads/~photos/", 30)), "The live bucket b deletes uploads after 30 days, and KEEP_DAYS is 0."),
    ("deletions", lambda g: g.with_profile(ExpiryRule("uploads/~photos/", 30), ExpiryRule("uploads/~", 90), keep_days=30), "The live bucket b deletes uploads after 90 days, and KEEP_DAYS is 0."),
    ("overdue", SoundDeployment.keep_a_month, "The live bucket b does not delete uploads after 30 days, as KEEP_DAYS says."),
    ("overdue", lambda g: g.keep_a_month(ExpiryRule("", 31), ExpiryRule("uploads/a/", 30), ExpiryRule("other/", 1)), "The live bucket b does not delete uploads after 30 days, as KEEP_DAYS says."),
    ("overdue", lambda g: g.keep_a_month(ExpiryRule("", 30, spares_some=True)), "The live bucket b does not delete uploads after 30 days, as KEEP_DAYS says."),
    ("multipart-lifecycle", lambda g: g.send_in_parts().see(parts=(PartsRule("", 7, spares_some=True),)), "The live bucket b has no lifecycle rule that clears abandoned parts away."),
    ("site-private", lambda g: g.see_site(acl="private"), "The page's live bucket s is private."),
    ("page-files", lambda g: g.state("site", folder="/no/page", region="cn-hongkong").see_site(files={}), "What lies here cannot be published: There is no index.html in /no/page"),
    ("owner", lambda g: g.see(owner="42"), f"The live bucket b belongs to the account 42, not to {ACCOUNT}."),
    ("owner", lambda g: g.see_site(owner="42"), f"The page's live bucket s belongs to the account 42, not to {ACCOUNT}."),
    ("cors", lambda g: g.cors().update(AllowedMethod=["PUT"]), f"The bucket Uploads of the template has no CORS rule that lets {SITE} post."),
    ("cors", lambda g: setattr(g, "live", LiveBuckets(replace(SEEN, cors=()))), f"The live bucket b has no CORS rule that lets {SITE} post."),
    ("cors", lambda g: g.settings.update(ALLOWED_ORIGINS=f"{SITE},capacitor://localhost"), "The bucket Uploads of the template has no CORS rule that lets capacitor://localhost post."),
    ("domains", lambda g: g.environ.update(UPLOAD_DOMAIN="https://up.example.com"), "UPLOAD_DOMAIN must be a domain alone, such as upload.example.com, not 'https://up.example.com'."),
    ("page-origin", lambda g: g.environ.update(SITE_DOMAIN="up.example.com"), "https://up.example.com, where SITE_DOMAIN puts the page, is not in ALLOWED_ORIGINS."),
    ("keep-days", lambda g: g.environ.update(KEEP_DAYS="a month"), "KEEP_DAYS must be a whole number of days, or 0, not 'a month'."),
    ("endpoint-forbidden", lambda g: setattr(g, "live", LiveBuckets(SEEN, endpoint_forbidden=True)), "OSS answers PublicEndpointForbidden at the bucket's default domain."),
    ("clock", lambda g: setattr(g, "live", LiveBuckets(SEEN, skew=-901.0)), "This machine's clock is 901 seconds behind OSS's."),
    ("clock", lambda g: setattr(g, "live", LiveBuckets(SEEN, skew=61.0)), "This machine's clock is 61 seconds ahead of OSS's."),
    ("hosts", lambda g: g.settings.update(UPLOAD_URL="https://evil.example"), f"The function has files sent to https://evil.example, which is neither {BUCKET_URL} nor at UPLOAD_DOMAIN."),
    ("hosts", lambda g: g.settings.update(UPLOAD_URL="https://another.oss-cn-hongkong.aliyuncs.com"), f"The function has files sent to https://another.oss-cn-hongkong.aliyuncs.com, which is neither {BUCKET_URL} nor at UPLOAD_DOMAIN."),
    ("hosts", lambda g: g.state("infra", region="us-west-1"), f"The function has files sent to {BUCKET_URL}, which is neither {BUCKET_URL.replace('cn-hongkong', 'us-west-1')} nor at UPLOAD_DOMAIN."),
    ("hosts", lambda g: g.state("site", upload="https://evil.example"), f"The page may send files to https://evil.example, which is neither {BUCKET_URL} nor at UPLOAD_DOMAIN."),
    ("hosts", lambda g: g.state("site", function="https://evil.example"), "The page sends tokens to https://evil.example, which is neither the function's own address nor SIGN_DOMAIN."),
    ("hosts", lambda g: g.switch_on().settings.update(CALLBACK_URL="https://evil.example"), "OSS calls back https://evil.example, which is not the callback function's address in s.yaml."),
    ("hosts", lambda g: g.switch_on().settings.update(CALLBACK_URL="${resources.callback.output.url}.evil.example"), "OSS calls back ${{resources.callback.output.url}}.evil.example, which is not the callback function's address in s.yaml."),
    ("hosts", lambda g: g.state("site", function="${resources.callback.output.url}"), "The page sends tokens to ${{resources.callback.output.url}}, which is neither the function's own address nor SIGN_DOMAIN."),
    ("state", lambda g: g.deploy(lambda there: there.function.update(lastUpdateStatus="Failed")), "Live: The function's lastUpdateStatus is Failed."),
    ("state", lambda g: g.deploy(lambda there: there.callback.update(state="Failed")), "Live: The callback function's state is Failed."),
    ("hosts", lambda g: g.function.update(customDomain={"domainName": "evil.example"}), "s.yaml binds evil.example to the function, and SIGN_DOMAIN does not name it."),
    ("hosts", lambda g: g.function.update(customDomain="auto"), "s.yaml binds auto to the function, and SIGN_DOMAIN does not name it."),
    ("hosts", lambda g: g.callback.update(customDomain={"domainName": "evil.example"}), "s.yaml binds evil.example to the callback function, and SIGN_DOMAIN does not name it."),
    ("large-files", lambda g: g.settings.update(MAX_SIZE="5GB"), "MAX_SIZE is 5GB, and no form lives longer than 3,000 seconds: the largest file needs a line of 1,667 KB a second."),
    ("settings", lambda g: (g.switch_on(), g.settings.update(CALLBACK_URL="http://cb.example.com")), "CALLBACK_URL must be https://host without a path, not 'http://cb.example.com'."),
    ("settings", lambda g: (g.switch_on(), g.settings.update(FOLDER_FORMS="on")), "FOLDER_FORMS cannot be on while CALLBACK is, since a page could leave the callback out: set one of them to off."),
    ("callback", lambda g: g.switch_on(CALLBACK_SECRET=""), "CALLBACK_SECRET is missing."),
    ("callback", lambda g: g.switch_on(WEBHOOK_URL="https://app.example.com/"), "WEBHOOK_SECRET is missing."),
    ("callback-agreement", lambda g: g.switch_on(CALLBACK_SECRET=new_secret()), "The two functions differ in CALLBACK_SECRET."),
    ("callback-agreement", lambda g: g.switch_on(CONTENT_CHECK="report").settings.update(CONTENT_CHECK="off"), "The two functions differ in CONTENT_CHECK."),
    ("content-check-right", lambda g: g.switch_on(CONTENT_CHECK="delete").settings.update(CONTENT_CHECK="delete"), f"The role {CALLBACK_ROLE} may not do oss:DeleteObject on {PLACE}."),
    ("callback", lambda g: g.switch_on(CONTENT_CHECK="on").settings.update(CONTENT_CHECK="on"), "CONTENT_CHECK must be off, report or delete, not 'on'."),
    ("settings", lambda g: g.settings.update(CONTENT_CHECK="report"), "CONTENT_CHECK is set, and CALLBACK is not on: set CALLBACK=on, or remove CONTENT_CHECK."),
    ("download-url", lambda g: g.switch_on().settings.update(DOWNLOAD_URL_EXPIRES_IN="600"), "The callback function's DOWNLOAD_URL_EXPIRES_IN is not the signing function's."),
    ("download-url", lambda g: g.switch_on(DOWNLOAD_URL_EXPIRES_IN="600", UPLOAD_URL="https://evil.example").settings.update(DOWNLOAD_URL_EXPIRES_IN="600"), "The callback function's UPLOAD_URL is not the signing function's."),
    ("callback", lambda g: g.switch_on(DOWNLOAD_URL_EXPIRES_IN="10").settings.update(DOWNLOAD_URL_EXPIRES_IN="10"), "DOWNLOAD_URL_EXPIRES_IN must be 60 to 3600 seconds, not '10'."),
    ("settings", lambda g: g.settings.update(DOWNLOAD_URL_EXPIRES_IN="600"), "DOWNLOAD_URL_EXPIRES_IN is set, and CALLBACK is not on: set CALLBACK=on, or remove DOWNLOAD_URL_EXPIRES_IN."),
    ("callback-agreement", lambda g: g.switch_on(OSS_REGION="cn-hangzhou"), "The two functions differ in OSS_REGION."),
    ("callback-trigger", lambda g: (g.switch_on(), g.callback["triggers"][0]["triggerConfig"].update(authType="function")), "The callback function's authType is function."),
    ("callback-trigger", lambda g: (g.switch_on(), g.callback["triggers"][0]["triggerConfig"].update(methods=["GET"])), "The callback function's methods lack POST."),
    ("callback-right", lambda g: g.statements("CallbackRole").pop(0), f"The role {CALLBACK_ROLE} may not do oss:GetObject on {PLACE}."),
    ("webhook", lambda g: g.callback["environmentVariables"].update(WEBHOOK_URL="https://app.example.com/"), "WEBHOOK_URL is set, and CALLBACK is not on."),
    ("trust", lambda g: g.trust("CallbackRole", Service=["fc.aliyuncs.com", "ecs.aliyuncs.com"]), f"The role {CALLBACK_ROLE} trusts ecs.aliyuncs.com."),
    ("multipart", lambda g: g.settings.update(MULTIPART_THRESHOLD="100MB"), "MULTIPART_SECRET is missing."),
    ("multipart", lambda g: g.send_in_parts().settings.update(MULTIPART_SECRET="short"), "MULTIPART_SECRET must have at least 32 bytes; make one with: openssl rand -hex 32."),
    ("multipart-cors", lambda g: (g.send_in_parts(), g.cors().update(AllowedMethod=["POST"])), f"The bucket Uploads of the template has no CORS rule that lets {SITE} put parts and read their ETag."),
    ("multipart-cors", lambda g: (g.send_in_parts(), g.cors().update(ExposeHeader=["x-oss-ec"])), f"The bucket Uploads of the template has no CORS rule that lets {SITE} put parts and read their ETag."),
    ("multipart-cors", lambda g: g.send_in_parts().see(cors=(rule_for(SITE, methods=("PUT",), exposed=()), rule_for(SITE))), f"The live bucket b has no CORS rule that lets {SITE} put parts and read their ETag."),
    ("multipart-cors", lambda g: g.send_in_parts().see(cors=(rule_for(SITE, methods=("POST",)),)), f"The live bucket b has no CORS rule that lets {SITE} put parts and read their ETag."),
    ("multipart-lifecycle", lambda g: (g.send_in_parts(), g.parts_rule.update(AbortMultipartUpload={"Days": 6})), "The bucket Uploads of the template clears abandoned parts away after 6 days."),
    ("multipart-lifecycle", lambda g: (g.send_in_parts(), g.parts_rule.update(Status="Disabled")), "The bucket Uploads of the template has no lifecycle rule that clears abandoned parts away."),
    ("multipart-lifecycle", lambda g: (g.send_in_parts(), g.parts_rule.update(Prefix="other/")), "The bucket Uploads of the template has no lifecycle rule that clears abandoned parts away."),
    ("multipart-lifecycle", lambda g: g.send_in_parts().see(parts=(PartsRule("", 99),)), "The live bucket b clears abandoned parts away after 99 days, and in the template after 7."),
    ("multipart-lifecycle", lambda g: g.send_in_parts().see(parts=(PartsRule("", 8), PartsRule("up", 7, spares_some=True))), "The live bucket b clears abandoned parts away after 8 days, and in the template after 7."),
    ("multipart-lifecycle", lambda g: g.send_in_parts().see(parts=(PartsRule("", 1),)), "The live bucket b clears abandoned parts away after 1 day."),
    ("multipart-lifecycle", lambda g: g.send_in_parts().see(parts=(PartsRule("", 7), PartsRule("uploads/alice/", 1))), "The live bucket b clears abandoned parts away after 1 day."),
    ("multipart-lifecycle", lambda g: g.send_in_parts().see(parts=(PartsRule("", 7), PartsRule("up", 0))), "The live bucket b clears abandoned parts away of before a date."),
    ("multipart-rights", lambda g: g.statements("UploadRole").pop(), f"The role {UPLOAD_ROLE} may not do oss:ListParts on {PLACE}."),
    ("multipart-rights", lambda g: g.statements("UploadRole").pop(1), f"The role {UPLOAD_ROLE} may not do oss:AbortMultipartUpload on {PLACE}."),
    ("large-files", lambda g: g.send_in_parts().settings.update(MULTIPART_THRESHOLD="1GB", MAX_SIZE="5GB"), "MAX_SIZE is 5GB, and no form lives longer than 3,000 seconds: the largest file needs a line of 1,667 KB a second."),
    ("large-files", lambda g: g.with_profile(max_size="300MB"), "photos.max_size in profiles.json is 300,000,000 bytes, and no form lives longer than 3,000 seconds: the largest file needs a line of 100 KB a second."),
    ("large-files", lambda g: g.send_in_parts().with_profile(max_size="300MB", multipart=False), "photos.max_size in profiles.json is 300,000,000 bytes, and no form lives longer than 3,000 seconds: the largest file needs a line of 100 KB a second."),
    ("large-files", lambda g: g.send_in_parts().with_profile(multipart=False).settings.update(MAX_SIZE="300MB"), "photos.max_size in profiles.json is 300,000,000 bytes, and no form lives longer than 3,000 seconds: the largest file needs a line of 100 KB a second."),
    ("existing-bucket", lambda g: g.use_existing(UPLOAD_PREFIX=""), "UPLOAD_PREFIX is missing: in a bucket that others use, too, rights and rules are for the files below it alone. Set one that is this deployment's alone."),
    ("existing-bucket", lambda g: g.use_existing(UPLOAD_CERTIFICATE="1"), "UPLOAD_CERTIFICATE is set, and UPLOAD_BUCKET, too: no domain is bound to a bucket that was there before. Bind it, with its certificate, in the OSS console."),
    ("encryption", lambda g: g.see(encryption="KMS"), "The live bucket b encrypts with a key of KMS."),
    ("referers", lambda g: g.see(referers=Referers(allows_none=False, pages=1)), "The live bucket b refuses requests without a Referer."),
    ("upload-website", lambda g: g.see(website=Website("index.html")), "The live bucket b is set up as a website."),
    ("upload-website", lambda g: g.see(website=Website(rules=1)), "The live bucket b is set up as a website, with 1 rule that may send requests elsewhere."),
    ("shared-bucket", lambda g: g.use_existing().see(policy=policy(Effect="Allow", Action=["oss:GetObject"], Principal=["42"])), f"The live bucket b has a policy that allows 42 oss:GetObject on acs:oss:*:*:{UPLOADS}/*."),
    ("shared-bucket", lambda g: g.use_existing().see(cors=(rule_for(SITE, exposed=EXPOSED_HEADERS), rule_for("https://cms.example.com", methods=("GET",)))), "The live bucket b lets pages of https://cms.example.com read its answers."),
    ("policy", lambda g: g.use_existing().see(policy=policy(Effect="Allow", Action=["oss:GetObject"], Principal=["*"])), f"The live bucket b has a policy that allows * oss:GetObject on acs:oss:*:*:{UPLOADS}/*."),
    ("cors", lambda g: g.use_existing().see(cors=()), f"The live bucket b has no CORS rule that lets {SITE} post."),
    ("cors-headers", lambda g: g.use_existing().see(cors=(rule_for(SITE),)), f"The live bucket b does not let {SITE} read x-oss-ec, x-oss-hash-crc64ecma, x-oss-request-id, as the template does."),
    ("multipart-lifecycle", lambda g: g.use_existing().send_in_parts().see(parts=()), "The live bucket b has no lifecycle rule that clears abandoned parts away."),
    ("deletions", lambda g: g.use_existing().see(expiry=(ExpiryRule("", 30),)), "The live bucket b deletes uploads after 30 days, and KEEP_DAYS is 0."),
    ("alerts", lambda g: g.environ.update(ALERT_EMAIL="ops"), "ALERT_EMAIL must be addresses such as ops@example.com, with commas between them, not 'ops'."),
    ("alerts", lambda g: g.environ.update(ALERT_URL="https://a.example/"), "ALERT_URL is set, and ALERT_KIND is not: set both, or remove ALERT_URL."),
    ("certificate", lambda g: show(g, ends_at=NOON + 30 * DAY - 1), "The certificate of up.example.com ends on 2024-12-24, in 29 days."),
    ("certificate", lambda g: show(g, ends_at=NOON + 2 * DAY - 1), "The certificate of up.example.com ends on 2024-11-26, in 1 day."),
    ("certificate", lambda g: show(g, refused="certificate has expired"), "Browsers refuse the certificate of up.example.com: certificate has expired."),
    ("upload-domain", lambda g: g.settings.update(OSS_REGION="cn-hangzhou"), "UPLOAD_DOMAIN is not set, and cn-hangzhou is on the mainland."),
]  # fmt: skip
"""For each check a fault or more that it alone finds, and its words."""


@pytest.mark.parametrize(("check", "spoil", "what"), SEEDS)
def test_a_fault_is_found_once_and_by_its_check_alone(check: str, spoil: Spoil, what: str) -> None:
    given = SoundDeployment()
    spoil(given)
    size = sum(len(name) + len(str(value)) for name, value in given.settings.items())
    found = [finding for finding in given.findings() if finding[0] not in DEFAULT_DECISIONS]
    assert found == [(check, what.format(size=f"{size:,}"))]


def test_of_one_profile_every_fault_is_named() -> None:
    given = SoundDeployment()
    given.profiles = b'{"Photos": 1, "a": {"max_size": "big", "max_size": "huge"}}'
    assert [finding.split(" in profiles.json ")[0] for name, finding in given.findings() if name == "profiles"] == [
        *("'Photos'", "'Photos'", "a.max_size is", "a.max_size"),
    ]


def test_what_looks_at_both_functions_is_not_made_where_one_was_not_seen() -> None:
    both = [
        "secrets-live",
        "drift",
        "configuration",
        "callback-url",
        "not-checked",
        "triggers",
        "log",
        "role",
        "state",
    ]
    assert not_made(CHECKS, {"callback function": "NoPermission"}) == {
        "NoPermission": [*both, "callback-agreement", "download-url", "callback-trigger"]
    }


def test_a_check_is_found_by_its_id() -> None:
    wrong = [check for check in CHECKS if check.find.__name__ != check.id.replace("-", "_")]
    assert not wrong, "\n".join(f"Name the function {each.find.__name__} as {each.id}, with _ for -" for each in wrong)


def test_every_module_with_checks_is_asked() -> None:
    folder = doctor.ROOT / "deploy" / "doctor"
    written = [
        file.stem for file in folder.glob("*.py") if re.search(r"^@check\($", file.read_text("utf-8"), re.MULTILINE)
    ]
    made = {check.find.__module__.rpartition(".")[2] for check in CHECKS}
    assert "bucket" in written
    missing = {*written} - made
    assert not missing, f"Add to _MODULES of deploy/doctor/checks.py: {', '.join(missing)}"


def test_every_check_has_a_seeded_fault() -> None:
    never_alone = {"secrets-live"}  # drift names the setting as well
    known, seeded = {check.id for check in CHECKS}, {check for check, _, _ in SEEDS}
    missing = known - seeded - {*DEFAULT_DECISIONS} - never_alone
    assert not missing, f"Seed their faults in SEEDS: {', '.join(missing)}"
    assert seeded <= known
