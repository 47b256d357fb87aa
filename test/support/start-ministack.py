# Starts MiniStack with one thing put right: IAM has no action of its own for the batch calls of SQS, AWS asks for the
# single call's. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
import sys

from ministack.app import main
from ministack.core import iam_actions

derived = iam_actions.extract_iam_action


def extract_iam_action(*args, **kwargs):
    action = derived(*args, **kwargs)
    return action.removesuffix("Batch") if action and action.startswith("sqs:") else action


iam_actions.extract_iam_action = extract_iam_action
sys.exit(main())
