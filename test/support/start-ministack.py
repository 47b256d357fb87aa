# Starts MiniStack with two things put right:
# - IAM has no action of its own for the batch calls of SQS, AWS asks for the single call's.
#   https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
# - aws:PrincipalArn of a role's session is the ARN of the role, not of the session.
#   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
import re
import sys

from ministack.app import main
from ministack.core import iam_actions, iam_evaluator

derived = iam_actions.extract_iam_action


def extract_iam_action(*args, **kwargs):
    action = derived(*args, **kwargs)
    return action.removesuffix("Batch") if action and action.startswith("sqs:") else action


iam_actions.extract_iam_action = extract_iam_action

resolved = iam_evaluator._resolve_condition_key
SESSION = re.compile(r"^arn:([\w-]+):sts::(\d+):assumed-role/([^/]+)/.*$")


def resolve_condition_key(key, ctx):
    value = resolved(key, ctx)
    if key.lower() == "aws:principalarn" and isinstance(value, str):
        return SESSION.sub(r"arn:\1:iam::\2:role/\3", value)
    return value


iam_evaluator._resolve_condition_key = resolve_condition_key
sys.exit(main())
