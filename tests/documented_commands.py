"""What is done about each command that the pages show. `tests/unit/commands/test_documented_commands.py` holds the two together.

A command is run as it is shown (`RUNS`, by tests/local/test_deployment_documents.py and in this order), or a test or a step of CI
that has a name does it (`ELSEWHERE`), or its page says that it needs AWS. Texts are those of tests/shown_commands.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

DEMO = "build/demo/localcloud"
_USUAL = {"DIR": DEMO, "FOLDER": "site/build", "FILE": "build/outputs.json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A command that is run in a checkout beside the deployed site.

    Attributes:
        shown: the command, exactly.
        put: what a reader would put for a word of it, beside DIR, FOLDER and FILE.
        exit_codes: those that are right; 1 too where something that is found is no failure of the command.
        says: what it prints, somewhere.
        within: the folder it is run in, from the checkout.
    """

    shown: str
    put: Mapping[str, str] = field(default_factory=dict)
    exit_codes: tuple[int, ...] = (0,)
    says: str = ""
    within: str = "."

    @property
    def command(self) -> str:
        """What is run, but for words that only the site knows."""
        text = self.shown
        for word, instead in sorted({**_USUAL, **self.put}.items(), reverse=True):  # FOLDER_OR_FILE before FOLDER
            text = text.replace(word, instead)
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Commands that something else runs.

    Attributes:
        shown: the commands, with `*` for what may stand there.
        by: `file::test`, or `file: a line of it` for a step of CI.
        why: why it is not among `RUNS`; empty where it changes the site for good or goes on until it is stopped.
        apart_from: options that the test leaves out.
    """

    shown: tuple[str, ...]
    by: str
    why: str = ""
    apart_from: tuple[str, ...] = ()

    def covers(self, command: str) -> bool:
        return any(self.covers_by(pattern, command) for pattern in self.shown)

    @staticmethod
    def covers_by(pattern: str, command: str) -> bool:
        return fnmatchcase(command, pattern.replace("[", "[[]"))


_OTHER = {"FOLDER": "site/other"}
RUNS = (
    Run(shown="failover --help", says="sync-content"),
    Run(shown="failover schema > site-file.schema.json"),
    Run(shown="failover build"),
    Run(shown="failover build --check"),
    Run(shown="failover build --site-file FILE", put={"FILE": "config/prod.toml"}),
    Run(shown="failover build docs -o public --site-file config/prod.toml", put={"docs": "site/src"}),
    # A release, a second one to a share of the viewers, and back.
    Run(shown="failover sync-content FOLDER --force --apply"),
    Run(shown="failover sync-content FOLDER"),
    Run(shown="failover sync-content public"),
    Run(shown="failover sync-content FOLDER --apply"),
    Run(shown="failover sync-content site/build --apply"),
    Run(shown="failover sync-content FOLDER --canary 10 --apply", put=_OTHER),
    Run(shown="failover sync-content --promote --apply"),
    Run(shown="failover rollback"),
    Run(shown="failover rollback --apply"),
    Run(shown="failover rollback RELEASE_ID --force --apply"),
    Run(shown="failover releases", says="active"),
    Run(shown="failover status", exit_codes=(0, 1), says="eu-central-1"),
    Run(shown="failover verify", says="Every region holds all of it."),
    Run(shown="failover verify --repair --apply"),
    Run(shown="failover verify PREVIOUS_RELEASE --repair --apply"),
    Run(shown="failover evacuate eu-central-1 --apply"),
    Run(shown="failover restore eu-central-1 --apply"),
    Run(shown="failover evacuate REGION --apply", put={"REGION": "us-east-1"}),
    Run(shown="failover restore REGION --apply", put={"REGION": "us-east-1"}),
    Run(shown="failover divert --apply"),
    Run(shown="failover divert --end"),
    Run(shown="failover sync-content FOLDER --allow-degraded --apply"),
    Run(shown="failover takedown data/customers.csv"),
    Run(shown="failover takedown data/customers.csv --apply"),
    Run(shown="failover takedown data/customers.csv --lift --apply"),
    Run(shown="failover prune"),
    Run(shown="failover prune --apply"),
    # Looking at it.
    Run(shown="failover health-check"),
    Run(shown="failover probe --once"),
    Run(shown="failover probe --rate 10 --for 3600 --metrics-port 9464", put={"3600": "3"}),
    Run(shown="failover performance --window 24h"),
    Run(shown="failover performance --live 60 --by resolver", put={"60": "3"}),
    Run(shown="failover slo --window 30d --measure", exit_codes=(0, 1)),
    Run(shown="failover slo --measure", exit_codes=(0, 1)),
    # Breaking it.
    Run(shown="failover chaos levers", says="origin-denied"),
    Run(shown="failover chaos policy origin-denied", says="s3:PutBucketPolicy"),
    Run(shown="failover drill origin-denied"),
    Run(
        shown="failover drill origin-denied --apply --confirm 123456789012:www.example.com --stop-alarm ARN",
        put={"www.example.com": "www.example.test"},
    ),
    Run(
        shown="failover drill edge-outage --localcloud build/demo/localcloud --outputs build/demo/outputs.json "
        "--stacks build/demo/cdktf.out/stacks",
        exit_codes=(
            0,
            1,
        ),  # within the objective or not, which a busy machine decides; `make demo` holds it against that
        says="edge-outage",
    ),
    Run(shown="failover audit build/drill/report.json"),
    Run(shown="failover audit report.json", put={"report.json": "build/drill/report.json"}),
    Run(shown="failover drill path-check-fails"),
    Run(shown="failover chaos recover", says="Nothing was left broken."),
    Run(shown="failover chaos recover --localcloud DIR", says="Nothing was left broken."),
    Run(shown="failover simulate --site-file config/prod.toml --scenario edge-outage --variant nxdomain"),
    # From the stacks alone.
    Run(shown="python main.py config/prod.toml"),
    Run(shown="failover lint"),
    Run(
        shown="failover lint FOLDER_OR_FILE ...",
        put={"FOLDER_OR_FILE ...": "cdktf.out/stacks/dns cdktf.out/stacks/edge"},
    ),
    Run(shown="failover lint DIR", put={"DIR": "cdktf.out/stacks"}),
    Run(shown="failover lint cdk.out", put={"cdk.out": "cdktf.out"}),
    Run(shown="failover lint --explain FW021", says="FW021"),
    *(
        Run(shown="failover lint --format json|sarif|github|junit", put={"json|sarif|github|junit": each})
        for each in ("json", "sarif", "github", "junit")
    ),
    Run(shown="terraform plan -out=p && terraform show -json p | failover lint -", within="cdktf.out/stacks/dns"),
    Run(shown="terraform show -json plan.bin | failover lint -", put={"plan.bin": "p"}, within="cdktf.out/stacks/dns"),
    Run(shown="failover simulate --plan edge.json --plan dns.json --drills 100000 --json", says='"recovery'),
    Run(shown="failover cost", says="USD"),
    Run(shown="failover cost --site-file FILE", put={"FILE": "config/prod.toml"}, says="USD"),
    Run(shown="failover doctor --site-file FILE", put={"FILE": "config/prod.toml"}, exit_codes=(0, 1)),
    Run(shown="failover outputs"),
    Run(shown="failover outputs --save build/outputs.json"),
    Run(
        shown="failover destroy --stacks build/demo/cdktf.out/stacks --outputs build/demo/outputs.json "
        "--localcloud build/demo/localcloud",
        exit_codes=(1,),
        says="still leads here",
    ),
    Run(shown="failover rehearse infrastructure/website --var domain=example.com", exit_codes=(0, 1), says="503"),
    # localcloud itself.
    Run(
        shown="failover localcloud save applied --state-dir build/demo/localcloud --stacks build/demo/cdktf.out/stacks"
    ),
    Run(shown="failover localcloud snapshots", says="applied"),
    Run(shown="python -m localcloud serve --help", says="--state-dir"),
    # Other stacks, in place of the site's.
    Run(shown="python docs/examples/own_stack.py cdktf.out"),
    Run(shown="failover lint cdktf.out/stacks/shop"),
    Run(
        shown="python $FAILOVER_PROGRAM config/prod.example.toml",
        put={"$FAILOVER_PROGRAM": "docs/examples/site_and_shop.py"},
    ),
    Run(shown="failover cost --site-file config/prod.example.toml", says="USD"),
)

_PUBLISHES = "tests/local/test_deployment_tour.py::test_every_command_of_the_tour_works"
_BENCH = "it takes an hour and its figures want a quiet machine; the README has them with their date"
_WITHOUT_GITHUB = "it asks GitHub"
ELSEWHERE = (
    # What takes a whole site of its own, or minutes.
    Elsewhere(
        shown=("make demo", "make demo KEEP=1", "failover demo*"), by=".ci/run: step demo 900", why="it takes minutes"
    ),
    Elsewhere(
        shown=(
            "failover init build/tour/*",
            "mkdir -p build/tour/*",
            "echo '<!doctype html>*",
            "failover * build/tour/*",
        ),
        by=_PUBLISHES,
        why="it reads the page and runs its lines",
    ),
    Elsewhere(
        shown=("failover init config/prod.toml",),
        by="tests/unit/commands/test_init.py::test_file_is_written_with_its_cost_and_recovery",
    ),
    Elsewhere(
        shown=('failover init --secondary ""',),
        by="tests/unit/commands/test_init.py::test_file_of_one_region_synthesizes_and_says_what_nothing_covers",
    ),
    Elsewhere(
        shown=("failover bootstrap --apply",),
        by="tests/local/test_state_bucket.py::test_bucket_is_made_private_versioned_and_tls_only",
    ),
    Elsewhere(
        shown=("failover chaos run *", "cp config/experiments/*"),
        by="tests/local/test_deployment_chaos.py::test_experiment_holds_and_leaves_nothing_broken",
    ),
    Elsewhere(
        shown=("failover deploy --approved SHA256 --apply",),
        by="tests/local/test_rollout.py::test_secondary_region_comes_first_then_the_primary_then_the_edge",
    ),
    Elsewhere(
        shown=("failover destroy --apply", "failover destroy * --force --apply"),
        by="tests/local/test_deployment_prober.py::test_second_plan_is_clean_and_the_stack_goes_with_the_site",
    ),
    Elsewhere(
        shown=("failover hand-over REGION*", "failover hand-over us-east-1*"),
        by="tests/local/test_deployment_hand_over.py::"
        "test_handed_over_name_is_answered_by_the_other_distribution_and_leaves_no_proof_behind",
    ),
    Elsewhere(
        shown=("failover take-name --apply",),
        by="tests/local/test_migrating.py::test_nobody_loses_a_page_while_the_name_moves",
    ),
    Elsewhere(
        shown=("failover replace-region *", "failover drill region-lost*"),
        by="tests/local/test_region_lost.py::test_nobody_loses_a_page_once_the_first_failover_is_done",
        apart_from=("--apply",),  # the drill does it
    ),
    Elsewhere(
        shown=("failover retire-region eu-central-1*",),
        by="tests/local/test_region_lost.py::test_region_that_answers_again_is_retired_and_nothing_is_left",
    ),
    Elsewhere(
        shown=("failover prove --site-file *", "cp config/sandbox.example.toml config/sandbox.toml"),
        by="tests/local/test_prove.py::test_sandbox_is_deployed_proven_drilled_and_taken_down_by_one_command",
    ),
    Elsewhere(
        shown=("failover drill origin-outage",),
        by="tests/local/test_deployment.py::test_origin_outage_drill_is_within_its_objective",
    ),
    Elsewhere(
        shown=("failover drill certificate-expired",),
        by="tests/local/test_deployment_certificate.py::test_drill_finds_that_nobody_takes_over",
    ),
    Elsewhere(
        shown=(
            "failover drill aws-edge-outage",
            "failover drill origin-degraded",
            "failover drill edge-outage --variant nxdomain",
            "failover drill SCENARIO",
        ),
        by="tests/unit/simulate/test_drills.py::test_every_scenario_is_simulated",
        why="a drill of each takes minutes; `make bench ARGS=outages` makes them all",
    ),
    Elsewhere(
        shown=("failover drill LEVER --apply --confirm ACCOUNT:HOSTNAME",),
        by="tests/live/test_drills.py::*",
        why="it stands for the lever that is run by its name",
    ),
    Elsewhere(
        shown=("failover load *",),
        by="tests/unit/load/test_run.py::test_worker_processes_share_the_viewers_and_their_steps_are_summed",
        why="it loads the site until that breaks, for minutes; the test does so with a small one",
    ),
    Elsewhere(
        shown=("failover replay *",),
        by="tests/unit/replay/test_player.py::test_faults_come_and_go_by_the_schedule_and_samples_count_from_the_beginning",
        why="an incident is played for up to an hour; `make bench ARGS=outages` plays all of them",
    ),
    Elsewhere(
        shown=("failover performance --window 1h --against *",),
        by="tests/unit/commands/test_slo_commands.py::test_performance_compares_two_windows",
    ),
    Elsewhere(
        shown=("failover sync-content build/docs",),
        by="tests/local/test_deployment_generators.py::test_documentation_is_a_site_that_can_be_published_as_it_is",
    ),
    Elsewhere(
        shown=("failover sync-content --reviewed *",),
        by="tests/unit/commands/test_reviewed_release.py::test_folder_that_was_reviewed_is_published",
    ),
    Elsewhere(
        shown=("failover outputs --fetch *", "failover outputs --keep"),
        by="tests/unit/terraform/test_kept_outputs.py::*",
        why="it needs states in a bucket, which the deployed site has not",
    ),
    Elsewhere(
        shown=("failover probe", "failover probe --rate 2", "failover probe --outputs *"),
        by="tests/local/test_deployment_probe.py::test_endless_prober_ends_by_a_signal_and_has_kept_what_it_saw",
        apart_from=("--rate", "--metrics-port"),  # `failover probe --rate 10 --for 3600 --metrics-port 9464` has them
    ),
    Elsewhere(
        shown=("failover localcloud console *", "failover localcloud up *"),
        by="tests/local/test_console.py::test_up_prints_an_address_and_knows_our_drills",
    ),
    Elsewhere(
        shown=("failover localcloud restore *", "failover localcloud serve *"),
        by="tests/local/test_gateway_snapshots.py::test_everything_is_there_again_and_can_be_changed",
    ),
    Elsewhere(
        shown=("failover localcloud conformance*", "CONFORMANCE_EDGE=* failover localcloud conformance *"),
        by="tests/unit/localcloud/test_conformance.py::test_failover_hands_everything_to_localcloud",
        why="it runs tests that `make test` runs; another emulator is started for it",
    ),
    Elsewhere(
        shown=("python -m localcloud serve --call-log",),
        by="tests/local/test_gateway_call_log.py::test_operation_has_awss_name",
    ),
    # Verbs of make.
    Elsewhere(shown=("make setup", "make check"), by=".ci/run: step check 600"),
    Elsewhere(
        shown=("make test", "make test ARGS=*", "SITE_FILES_PLANNED=50 make test ARGS=*"),
        by=".ci/run: step test 2700",
        why="tests do not run themselves",
    ),
    Elsewhere(shown=("make checkov",), by=".ci/run: step checkov 900"),
    Elsewhere(
        shown=('make checkov ARGS="--plan"',),
        by='.github/workflows/ci.yml: run: make checkov ARGS="--plan config/$SITE_FILE"',
    ),
    Elsewhere(shown=("make test-slow",), by=".github/workflows/ci.yml: run: make test-slow"),
    Elsewhere(shown=("make bindings*",), by=".github/workflows/ci.yml: run: make bindings ARGS=--deploy"),
    Elsewhere(shown=("make policies",), by=".github/workflows/ci.yml: run: make policies"),
    Elsewhere(
        shown=(
            "make wheel",
            "pipx install .",
            "pipx install '.[synth]'",
            "pip install --no-deps .",
            "python -m pip install --no-deps .",
        ),
        by=".github/workflows/ci.yml: run: make wheel",
    ),
    Elsewhere(shown=("make sbom",), by=".github/workflows/release.yml: make sbom"),
    Elsewhere(shown=("make docs",), by="tests/unit/test_docs_site.py::site", why="the test runs mkdocs as it does"),
    Elsewhere(shown=("make help",), by="tests/unit/test_makefile.py::test_help_is_the_default_and_lists_every_verb"),
    Elsewhere(shown=("make site",), by="tests/unit/test_site.py::*", why="`failover build`, which is run"),
    Elsewhere(
        shown=("make conformance*",),
        by="tests/unit/test_makefile.py::test_verb_runs_its_command",
        why="it runs tests that `make test` runs",
    ),
    Elsewhere(
        shown=("make snapshots", "git diff tests/synth/golden"),
        by="tests/unit/test_makefile.py::test_verb_runs_its_command",
        why="it writes what the tests are held against",
    ),
    Elsewhere(shown=("make bench*",), by="tests/unit/test_makefile.py::test_verb_runs_its_command", why=_BENCH),
    Elsewhere(
        shown=("make access*",), by="tests/unit/tools/test_access_check.py::*", why="an hour: it deploys every example"
    ),
    Elsewhere(
        shown=("make apply",), by="tests/unit/tools/test_apply_examples.py::*", why="an hour: it deploys every example"
    ),
    Elsewhere(
        shown=("make statements*",), by="tests/unit/tools/test_statements.py::*", why="an hour: it tries every fault"
    ),
    Elsewhere(
        shown=("make mutants",),
        by="tests/unit/tools/test_mutations.py::*",
        why="hours: it runs the tests for each mutant",
    ),
    Elsewhere(
        shown=("make generator-sites",),
        by="tests/contract/test_generator_sites.py::*",
        why="it asks npm and PyPI; the tests publish what it made",
    ),
    Elsewhere(
        shown=("make lock", "make provider-lock*"),
        by="tests/unit/test_makefile.py::test_lock_file_pins_every_package_by_hash",
        why="it asks registries for what is newest",
    ),
    # Pages that are made.
    Elsewhere(
        shown=("python -m tests.documented > *",),
        by="tests/unit/localcloud/test_conformance.py::test_table_of_the_documents_is_the_tests_own",
        why="the test makes the page and compares",
    ),
    Elsewhere(
        shown=("python -m tests.emulators *",),
        by="tests/unit/localcloud/test_emulators.py::*",
        why="the test makes a page",
    ),
    Elsewhere(
        shown=("python -m tools.configuration_doc",),
        by="tests/unit/tools/test_configuration_doc.py::test_page_and_schema_are_in_step",
        why="the test makes the page and compares",
    ),
    Elsewhere(
        shown=("python -m tools.outputs_doc",),
        by="tests/synth/test_outputs.py::*",
        why="the test makes the page and compares",
    ),
    Elsewhere(
        shown=("python -m tools.sandbox_doc",),
        by="tests/unit/prove/test_facts.py::*",
        why="the test makes the page and compares",
    ),
    Elsewhere(
        shown=("pytest tests/unit/lint/test_page.py --update-snapshots",),
        by="tests/unit/lint/test_page.py::test_page_of_rules_is_current",
        why="the test makes the page and compares",
    ),
    # Programs of others.
    Elsewhere(
        shown=("pytest -m live --site-file build/site.toml --localcloud DIR --outputs FILE",),
        by="tests/local/test_deployment_live.py::test_live_suite_passes_and_says_why_it_leaves_something_out",
    ),
    Elsewhere(
        shown=("cdktf deploy '*'", "make cdktf*", "SITE_FILE=config/prod.toml make cdktf *"),
        by="tests/worlds/deployment_world.py::_cdktf_deploy",
        why="the deployed site of the tests is made by the same call",
    ),
    Elsewhere(
        shown=("pip install cdktn==*",),
        by=".github/workflows/ci.yml: run: make bindings ARGS=--deploy",
        why="it asks PyPI; that step installs the same versions",
    ),
    Elsewhere(
        shown=(
            'pipx install "git+*',
            "pip install --require-hashes *",
            "python -m pip install --require-hashes *",
            "python -m venv .venv",
        ),
        by=".github/workflows/ci.yml: run: make wheel",
        why="it asks GitHub or PyPI; that step installs the same wheel, with the versions of the lock file",
    ),
    Elsewhere(
        shown=("terraform plan -lock=false",),
        by="tests/unit/commands/test_terraform_option.py::*",
        why="`failover plan --no-lock` calls it so",
    ),
    Elsewhere(
        shown=("terraform apply -replace",),
        by="tests/local/test_terraform_programs.py::test_stack_is_planned_applied_read_moved_and_destroyed",
        why="an expired certificate is AWS's to renew",
    ),
    Elsewhere(
        shown=("tofu providers mirror FOLDER", "terraform state replace-provider *"),
        by="tests/local/test_terraform_programs.py::test_stack_is_planned_applied_read_moved_and_destroyed",
        why="they ask OpenTofu's registry; the test runs with `tofu` where that is installed",
    ),
    Elsewhere(
        shown=("gh attestation verify", "failover doctor --repository ORG/REPO"),
        by="tests/unit/onboarding/test_repository.py::test_guarded_repository_is_ready",
        why="it asks GitHub",
    ),
    Elsewhere(
        shown=("rsync -a *",),
        by="tests/unit/commands/test_exit_commands.py::*",
        why="it needs a second server; the test publishes the folder that it copies",
    ),
    Elsewhere(
        shown=("curl --interface 127.18.2.1",),
        by="tests/local/test_dataplane_edge.py::*",
        why="the test connects from such an address",
    ),
    Elsewhere(
        shown=("python -m tools.measured_drills",),
        by="tests/unit/simulate/test_measured.py::*",
        why="hours: twenty drills of each scenario",
    ),
    Elsewhere(
        shown=("failover cost --actual",),
        by="tests/unit/cost/test_actual.py::test_command_names_large_differences_and_says_the_price_first",
    ),
    Elsewhere(
        shown=("failover probe --alert-topic ARN", "failover probe --cloudwatch REGION *"),
        by="tests/unit/probe/test_watch.py::*",
        why="they send mails and metrics until they are stopped",
    ),
    Elsewhere(
        shown=("pytest -m live --site-file F",),
        by="tests/local/test_deployment_live.py::test_live_suite_passes_and_says_why_it_leaves_something_out",
    ),
    Elsewhere(
        shown=("failover localcloud up", "python -m localcloud"),
        by="tests/local/test_console.py::test_up_prints_an_address_and_knows_our_drills",
    ),
    Elsewhere(
        shown=("failover plan",),
        by="tests/local/test_rollout.py::test_plan_of_unchanged_stacks_says_so_and_deploy_applies_nothing",
    ),
    Elsewhere(
        shown=("failover take-name",), by="tests/local/test_migrating.py::test_plan_says_what_moves_and_moves_nothing"
    ),
    Elsewhere(
        shown=("failover migrate-states",),
        by="tests/local/test_migration.py::test_one_command_brings_the_states_over_and_leaves_nothing_to_plan",
        why="the test calls what the verb calls",
    ),
    Elsewhere(
        shown=("failover review",),
        by="tests/unit/review/test_comment.py::*",
        why="it compares two revisions of a repository; the test holds its words for twelve kinds of change",
    ),
    Elsewhere(
        shown=("python docs/examples/own_stack.py [OUTPUT_FOLDER]", "python docs/examples/site_and_shop.py SITE_FILE"),
        by="tests/local/test_deployment_documents.py::test_documented_command_works",
        why="docs/CONSTRUCTS.md shows them with their arguments",
    ),
    Elsewhere(
        shown=("failover drill alarm-path --apply",),
        by="tests/local/test_gateway_levers.py::*",
        why="it refuses while an alarm rings, as one does after every other drill; the test pulls and releases the lever",
    ),
    Elsewhere(
        shown=("failover rehearse FOLDER --drill 503 *",),
        by="tests/local/test_rehearse.py::test_origin_group_saves_the_pages_that_nobody_asked_for",
        apart_from=("--var",),  # `failover rehearse infrastructure/website --var domain=example.com` has it
    ),
)
