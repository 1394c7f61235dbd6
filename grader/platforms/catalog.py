"""The services that the lesson names, as they stood when their pages were read. Whoever adds a fact adds its source."""

from datetime import date
from enum import StrEnum

from grader.platforms import rules
from grader.platforms.facts import Change, Limit, Platform, Price, Rule, Source

READ = date(2026, 11, 23)

OPENAI_DATA = Source("cookbook.openai.com/examples/chat_finetuning_data_prep", READ)
OPENAI_WEIGHT = Source("docs.rs/crate/openai-client-base/0.14.0, made from OpenAI's API specification", READ)
OPENAI_FEWEST = Source("developers.openai.com/docs/guides/distillation, on supervised fine-tuning", READ)
OPENAI_JOBS = Source("developers.openai.com/api/docs/deprecations, as techscurrent.com quotes it", READ)
OPENAI_MODELS = Source("developers.openai.com/api/docs/deprecations, as codersera.com quotes it", READ)
OPENAI_PRICE = Source("OpenAI's price page at second hand, as oreateai.com quotes it", READ)
BEDROCK_DATA = Source("platform.claude.com/cookbook/finetuning-finetuning-on-bedrock", READ)
BEDROCK_ENDS = Source("docs.aws.amazon.com/bedrock/latest/userguide/model-card-anthropic-claude-3-haiku.html", READ)
BEDROCK_QUOTAS = Source("an earlier note of this project, whose page could not be read again")
TOGETHER_DATA = Source("docs.together.ai/docs/fine-tuning/data-preparation", READ)
ANYSCALE = Source("docs.anyscale.com/endpoints/fine-tuning/fine-tuning-api", READ)


class Service(StrEnum):
    """The names by which a command knows the services."""

    OPENAI = "openai"
    BEDROCK = "bedrock"
    TOGETHER = "together"
    ANYSCALE = "anyscale"


CHAT_RULES = (
    Rule("messages, each with a role and a content", rules.messages_are_texts, OPENAI_DATA),
    Rule("at least one message of the assistant", rules.has_an_answer, OPENAI_DATA),
    Rule("a weight is 0 or 1, and the assistant's alone", rules.weights_are_0_or_1, OPENAI_WEIGHT),
)

PLATFORMS = {
    Service.OPENAI: Platform(
        title="OpenAI",
        rules=CHAT_RULES,
        fewest_rows=Limit(10, OPENAI_FEWEST),
        price_page="https://developers.openai.com/api/docs/pricing",
        price=Price("gpt-4.1-2025-04-14", 25.0, OPENAI_PRICE),
        changes=(
            Change(date(2026, 5, 7), "who has never fine-tuned there can start no job.", OPENAI_JOBS),
            Change(date(2026, 7, 2), "nor can who has not used a tuned model for 60 days.", OPENAI_JOBS),
            Change(date(2027, 1, 6), "nobody can start a job.", OPENAI_JOBS, closed=True),
            Change(date(2027, 1, 14), "gpt-4o, gpt-4.1 and what was tuned from them no longer answer.", OPENAI_MODELS),
        ),
    ),
    Service.BEDROCK: Platform(
        title="Claude on Amazon Bedrock",
        rules=(
            Rule("no keys but system and messages", rules.only("system", "messages"), BEDROCK_DATA),
            Rule("messages, each with a role and a content", rules.messages_are_texts, BEDROCK_DATA),
            Rule("the system text beside the messages", rules.no_system_message, BEDROCK_DATA),
            Rule("user and assistant in turns, the user first", rules.user_and_assistant_take_turns, BEDROCK_DATA),
            Rule("the assistant last", rules.the_assistant_ends, BEDROCK_DATA),
        ),
        most_rows=Limit(10_000, BEDROCK_QUOTAS),
        most_tokens=Limit(32_000, BEDROCK_QUOTAS),
        system_beside=True,
        price_page="https://aws.amazon.com/bedrock/pricing/",
        changes=(
            Change(
                date(2026, 9, 10),
                "Claude 3 Haiku, the one Claude model that could be fine-tuned, is at its end of life.",
                BEDROCK_ENDS,
                closed=True,
            ),
        ),
    ),
    Service.TOGETHER: Platform(
        title="Together AI",
        rules=(
            Rule("messages, or prompt and completion, or text: one of them", rules.one_shape, TOGETHER_DATA),
            Rule(
                "messages, each with a role and a content",
                rules.where_there_are_messages(rules.messages_are_texts),
                TOGETHER_DATA,
            ),
            Rule(
                "user and assistant in turns, after a system message if there is one",
                rules.where_there_are_messages(rules.user_and_assistant_take_turns),
                TOGETHER_DATA,
            ),
        ),
        price_page="https://www.together.ai/pricing",
        changes=(),
    ),
    Service.ANYSCALE: Platform(
        title="Anyscale Endpoints",
        rules=CHAT_RULES,
        price_page="https://www.anyscale.com/pricing",
        changes=(
            Change(
                date(2024, 8, 1),
                "there are no shared endpoints any more, and no jobs for them; the form was OpenAI's.",
                ANYSCALE,
                closed=True,
            ),
        ),
    ),
}
