//! Whole configurations: what loads, what each mistake is told, and that all mistakes are told at once.

use std::path::{Path, PathBuf};

use gateway::declared::{GrantSpec, ServerSpec, Setting, Transport};
use store::Durability;
use store::audit::Retention;

use policy::Format;

use super::problem::Problem;
use super::settings::Tls;
use super::snapshot::{Fingerprint, Snapshot};
use super::source::Source;
use super::{Loaded, Refused, load, parse};

const POLICY: &str = r#"{ "version": "1", "default": "deny", "tools": { "x": {} } }"#;

/// A folder with a configuration and two good policies, `base` and `imaging`.
struct Folder {
    temporary: tempfile::TempDir,
    source: Source,
}

impl Folder {
    fn new(toml: &str) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().to_path_buf();
        std::fs::create_dir(folder.join("policies")).unwrap();
        let this = Self {
            source: Source {
                file: Some(folder.join("toolgate.toml")),
                folder,
                default_data: Some(PathBuf::from("/home/x/.local/share/toolgate")),
            },
            temporary,
        };
        this.write("toolgate.toml", toml);
        this.write("policies/base.json", POLICY);
        this.write("policies/imaging.json", POLICY);
        this
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.temporary.path().join(name), text).unwrap();
    }

    fn load(&self) -> Result<Loaded, Refused> {
        load(&self.source)
    }

    /// `line:column message; did you mean x`, without the folder, which differs every time.
    fn problems(&self) -> Vec<String> {
        let problems = match self.load() {
            Ok(loaded) => loaded.warnings,
            Err(refused) => refused.problems,
        };
        problems.into_vec().iter().map(|problem| self.short(problem)).collect()
    }

    fn short(&self, problem: &Problem) -> String {
        problem.to_string().replace(&format!("{}/", self.source.folder.display()), "")
    }
}

#[test]
fn nothing_written_means_built_in_settings_and_no_servers() {
    let loaded = Folder::new("").load().unwrap();
    let settings = loaded.settings;
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.admin_listen.to_string(), "127.0.0.1:8081");
    assert_eq!(settings.data, Path::new("/home/x/.local/share/toolgate"));
    assert_eq!(
        (settings.durability, settings.insecure_listen, settings.tls),
        (Durability::Process, false, None)
    );
    assert_eq!((settings.max_body_bytes, settings.free_space_reserve_bytes), (4 << 20, 16 << 20));
    assert_eq!((settings.audit_segment_bytes, settings.audit_retention), (16 << 20, Retention::default()));
    assert!(loaded.declared.servers.is_empty() && loaded.declared.grants.is_empty());
    assert_eq!(loaded.declared.policies.keys().collect::<Vec<_>>(), ["base", "imaging"]);
}

#[test]
fn without_any_file_the_policies_of_the_folder_still_load() {
    let folder = Folder::new("this is not even read");
    let source = Source { file: None, ..folder.source.clone() };
    let loaded = load(&source).unwrap();
    assert_eq!(loaded.declared.policies.len(), 2);
}

/// Every key that there is.
const EVERYTHING: &str = r#"
listen = "0.0.0.0:9000"
admin_listen = "[::1]:9001"
data = "data"
durability = "power"
allowed_origins = ["https://app.example", "vscode-file://app"]
allowed_hosts = ["gateway.example", "gateway.example:9000"]
max_body_bytes = "1 MiB"
free_space_reserve = 1048576
baseline = ["base"]

[tls]
cert = "cert.pem"
key = "/etc/key.pem"

[audit]
segment_size = "1 MiB"
keep = "90d"
keep_size = "1 GiB"

[servers.zeta]
command = ["uvx", "awslabs.healthimaging-mcp-server@0.1.1"]
env = { AWS_DEFAULT_REGION = "eu-central-1", AWS_SECRET_ACCESS_KEY = "env:AWS_SECRET_ACCESS_KEY" }
cwd = "work"
timeout = "90s"
idle_stop = "1h"

[servers.alpha]
url = "https://mcp.example/mcp?tenant=1"
headers = { Authorization = "file:secrets/token", X-Tenant = "one" }
alias = "al"

[grants.agent]
token_hash = "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
labels = ["radiology", "night shift"]
expires = "2027-01-31T18:00:00+01:00"

[grants.agent.servers]
zeta = ["imaging"]
alpha = ["base", "imaging"]

[grants.local]
revoked = true
"#;

#[test]
fn every_setting_is_read() {
    let folder = Folder::new(EVERYTHING);
    let Loaded { settings, warnings, referred, .. } = folder.load().unwrap();
    assert_eq!(warnings.as_slice(), []);
    let at = |path: &str| folder.source.folder.join(path);
    assert_eq!(settings.listen.to_string(), "0.0.0.0:9000");
    assert_eq!(settings.admin_listen.to_string(), "[::1]:9001");
    assert_eq!((settings.data.clone(), settings.durability), (at("data"), Durability::Power));
    assert_eq!(settings.tls.clone(), Some(Tls { cert: at("cert.pem"), key: PathBuf::from("/etc/key.pem") }));
    assert_eq!(settings.allowed_origins, ["https://app.example", "vscode-file://app"]);
    assert_eq!(settings.allowed_hosts, ["gateway.example", "gateway.example:9000"]);
    assert_eq!((settings.max_body_bytes, settings.free_space_reserve_bytes), (1 << 20, 1 << 20));
    let retention = Retention { max_age_ms: Some(7_776_000_000), max_bytes: Some(1 << 30) };
    assert_eq!((settings.audit_segment_bytes, settings.audit_retention), (1 << 20, retention));
    let options = settings.store_options();
    assert_eq!((options.folder, options.durability), (settings.data, Durability::Power));
    assert_eq!((options.max_segment_bytes, options.retention), (1 << 20, retention));
    assert_eq!(options.free_space_reserve_bytes, 1 << 20);
    assert_eq!(referred, [PathBuf::from("/etc/key.pem"), at("cert.pem"), at("secrets/token")]);
}

#[test]
fn every_server_is_read_in_the_order_of_the_file() {
    let folder = Folder::new(EVERYTHING);
    let stdio = Transport::Stdio {
        command: vec!["uvx".to_owned(), "awslabs.healthimaging-mcp-server@0.1.1".to_owned()],
        env: [
            ("AWS_DEFAULT_REGION".to_owned(), Setting::Literal("eu-central-1".to_owned())),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), Setting::Env("AWS_SECRET_ACCESS_KEY".to_owned())),
        ]
        .into(),
        cwd: Some(folder.source.folder.join("work")),
    };
    let token = Setting::File(folder.source.folder.join("secrets/token"));
    let http = Transport::Http {
        url: "https://mcp.example/mcp?tenant=1".to_owned(),
        headers: [
            ("authorization".to_owned(), token),
            ("x-tenant".to_owned(), Setting::Literal("one".to_owned())),
        ]
        .into(),
        ca_file: None,
        insecure: false,
    };
    assert_eq!(
        folder.load().unwrap().declared.servers,
        [
            ServerSpec { timeout_s: 90, idle_stop_s: 3_600, ..ServerSpec::new("zeta", stdio) },
            ServerSpec { alias: Some("al".to_owned()), ..ServerSpec::new("alpha", http) },
        ]
    );
}

#[test]
fn every_grant_is_read() {
    let declared = Folder::new(EVERYTHING).load().unwrap().declared;
    assert_eq!(declared.baseline, ["base"]);
    let [agent, local] = &declared.grants[..] else { panic!("two grants") };
    assert_eq!(agent.token_sha256.map(|hash| (hash[0], hash[31])), Some((0x00, 0xff)));
    assert_eq!(agent.expires_ms, Some(1_801_414_800_000));
    assert_eq!(agent.labels, ["radiology", "night shift"]);
    assert_eq!(agent.servers["alpha"], ["base", "imaging"]);
    let expected = GrantSpec {
        id: "local".to_owned(),
        token_sha256: None,
        labels: Vec::new(),
        expires_ms: None,
        revoked: true,
        servers: Default::default(),
    };
    assert_eq!(local, &expected);
}

#[test]
fn what_speaks_behind_a_url_is_declared() {
    let url = "[servers.x]\nurl = \"https://a.example/sse\"\n";
    for (more, is_sse) in [("", false), ("transport = \"http\"", false), ("transport = \"sse\"", true)] {
        let declared = Folder::new(&format!("{url}{more}")).load().unwrap().declared;
        assert_eq!(matches!(declared.servers[0].transport, Transport::Sse { .. }), is_sse, "{more}");
    }
}

/// What is recorded, by what its table says, and with the server `imaging`.
fn recordings(table: &str) -> Folder {
    Folder::new(&format!("[servers.imaging]\ncommand = [\"x\"]\n[recordings]\n{table}"))
}

#[test]
fn recordings_are_off_unless_they_are_asked_for() {
    assert!(Folder::new("").load().unwrap().recordings.is_none());
    let loaded = recordings("record = [\"imaging/*\"]").load().unwrap();
    let plan = loaded.recordings.unwrap().plan().unwrap();
    assert!(plan.wanted("imaging", "a").is_some_and(|wanted| !wanted.result));
    assert!(plan.wanted("other", "a").is_none());
    assert_eq!((plan.retention.max_age_ms, plan.retention.max_bytes), (Some(2_592_000_000), Some(1 << 30)));
    assert_eq!((plan.max_value_bytes, plan.max_record_bytes), (64 << 10, 256 << 10));
    assert_eq!(plan.min_free_bytes, 64 << 20);
}

#[test]
fn the_example_of_the_page_on_recordings_loads() {
    let manual = include_str!("../../../../docs/recordings.md");
    let example = manual.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = Folder::new(&format!("[servers.imaging]\ncommand = [\"x\"]\n{example}"));
    let loaded = folder.load().unwrap();
    assert_eq!(loaded.warnings.as_slice(), []);
    let recordings = loaded.recordings.unwrap();
    assert_eq!(recordings.key, Some(Setting::Env("RECORDINGS_KEY".to_owned())));
    assert!(recordings.plan().unwrap_err().contains("`RECORDINGS_KEY` is not set"));
}

#[test]
fn mistakes_in_recordings_are_told() {
    for (table, expected) in [
        ("", "toolgate.toml:3:2: error: `recordings.record` must name what is recorded"),
        ("record = []", "toolgate.toml:3:2: error: `recordings.record` must name what is recorded"),
        (
            "record = [\"imaging\"]",
            "toolgate.toml:4:11: error: each of `recordings.record` must be SERVER/TOOL",
        ),
        (
            "record = [\"*/*\"]\nkep = \"1d\"",
            "toolgate.toml:5:1: error: unknown key `recordings.kep`; did you mean",
        ),
        (
            "record = [\"*/*\"]\nkeep = \"1s\"",
            "toolgate.toml:5:8: error: `recordings.keep` must be at least 1m",
        ),
        (
            "record = [\"*/*\"]\nkey = \"abc\"",
            "toolgate.toml:5:7: error: `recordings.key` must not stand here in clear",
        ),
        ("record = [\"*/*\"]\nredact = { \"*/*\" = [\"name\"] }", "must be a JSON Pointer"),
        ("record = [\"*/*\"]\nmax_value = \"1 GiB\"", "`recordings.max_value` must be between"),
        ("record = [\"imagin/*\"]", "warning: no server `imagin` is declared here (is `imaging` meant?)"),
    ] {
        let problems = recordings(table).problems();
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{table}: {problems:#?}");
    }
}

#[test]
fn a_changed_key_of_recordings_is_a_change() {
    let folder = recordings("record = [\"*/*\"]\nkey = \"file:key\"");
    folder.write("key", &"a".repeat(64));
    let loaded = folder.load().unwrap();
    assert!(loaded.recordings.as_ref().unwrap().plan().is_ok());
    assert_eq!(loaded.current_fingerprint(), loaded.fingerprint);
    folder.write("key", "b");
    assert_ne!(loaded.current_fingerprint(), loaded.fingerprint);
    let told = loaded.recordings.unwrap().plan().unwrap_err();
    assert!(told.contains("64 hexadecimal digits"), "{told}");
}

/// The page of the manual shows every key, so what it shows must load.
#[test]
fn the_example_of_the_manual_loads() {
    let manual = include_str!("../../../../docs/configuration.md");
    let example = manual.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = Folder::new(example);
    let at = |path: &str| folder.source.folder.join(path);
    std::fs::create_dir(at("tls")).unwrap();
    std::fs::write(at("tls/own-ca.pem"), "").unwrap();
    for policy in ["dicom-import-rate", "read-only"] {
        std::fs::copy(at("policies/imaging.json"), at(&format!("policies/{policy}.json"))).unwrap();
    }
    let loaded = folder.load().unwrap();
    assert_eq!(loaded.warnings.as_slice(), []);
    let keys = EVERYTHING.lines().filter_map(|line| Some(line.split_once(" = ")?.0));
    let is_shown = |key: &&str| example.lines().any(|line| line.starts_with(&format!("{key} = ")));
    let missing: Vec<&str> = keys.filter(|key| !is_shown(key)).collect();
    assert_eq!(missing, ["zeta", "alpha"], "only the names of servers differ");
}

/// Runs each case of a file: the TOML, `---`, the problems; cases are separated by `===`.
#[track_caller]
fn check(cases: &str) {
    for case in cases.split("===\n") {
        let (toml, expected) = case.split_once("---\n").unwrap();
        let expected: Vec<&str> = expected.lines().collect();
        assert_eq!(Folder::new(toml).problems(), expected, "for\n{toml}");
    }
}

#[test]
fn mistakes_in_the_settings() {
    check(include_str!("cases/settings.txt"));
}

#[test]
fn mistakes_in_servers() {
    check(include_str!("cases/servers.txt"));
}

#[test]
fn mistakes_in_grants() {
    check(include_str!("cases/grants.txt"));
}

#[test]
fn secrets_in_clear_are_refused_and_never_repeated() {
    check(include_str!("cases/secrets.txt"));
}

#[test]
fn all_problems_of_all_files_are_told_at_once_in_order() {
    let folder = Folder::new("lisen = 1\nlisten = \"x\"\n[servers.X]\n[grants.a]\ntoken_hash = \"x\"\n");
    folder.write("policies/broken.json", "[");
    folder.write("policies/later.yaml", "version: '1'\ndefault: [deny]\n");
    folder.write("policies/later.yml", "version: '1'\ndefault: deny\n");
    folder.write("policies/last.toml", "version = '1'\ndefault = 'deny'\n[tols]\n");
    folder.write("policies/bad name.json", POLICY);
    folder.write("policies/README.md", "not a policy");
    folder.write("policies/.hidden.json", "[");
    let lines = folder.problems();
    // Where in a policy a problem lies is the policy crate's matter.
    let place = |line: &str| {
        let place = line.split(": ").next().unwrap().to_owned();
        if place.starts_with("policies/broken.json:") { "policies/broken.json".to_owned() } else { place }
    };
    let places: Vec<String> = lines.iter().map(|line| place(line)).collect();
    assert_eq!(
        places,
        [
            "policies/bad name.json",
            "policies/broken.json",
            "policies/last.toml:3:2",
            "policies/later.yaml:2:10",
            "policies/later.yml",
            "policies/later.yml:1:1",
            "toolgate.toml:1:1",
            "toolgate.toml:2:10",
            "toolgate.toml:3:10",
            "toolgate.toml:3:10",
            "toolgate.toml:5:14",
        ],
        "{lines:#?}"
    );
}

#[test]
fn policies_in_every_format_are_read_and_looked_at_again() {
    let folder = Folder::new("");
    folder.write("policies/yaml.yml", "version: '1'\ndefault: deny\ntools: { x: {} }\n");
    folder.write("policies/toml.toml", "version = '1'\ndefault = 'deny'\ntools.x = {}\n");
    let loaded = folder.load().unwrap();
    let policies = &loaded.declared.policies;
    let formats = ["base", "toml", "yaml"].map(|name| policies[name].format);
    assert_eq!(formats, [Format::Json, Format::Toml, Format::Yaml]);
    let revision = |name: &str| {
        let policy = &policies[name];
        policy::load_as(policy.format, name, policy.text.clone().into_bytes()).unwrap().revision_hash()
    };
    assert_eq!([revision("toml"), revision("yaml")], [revision("base"); 2]);
    folder.write("policies/yaml.yml", "version: '1'\ndefault: deny\ntools: { y: {} }\n");
    assert_ne!(loaded.current_fingerprint(), loaded.fingerprint);
    folder.write("policies/yaml.json", POLICY);
    let problems = folder.problems();
    assert_eq!(
        problems,
        ["policies/yaml.yml: error: the policy `yaml` is in `yaml.json` already; remove one of both"]
    );
    std::fs::remove_file(folder.source.folder.join("policies/yaml.yml")).unwrap();
    let json = folder.load().unwrap().fingerprint;
    let at = |name: &str| folder.source.folder.join("policies").join(name);
    std::fs::rename(at("yaml.json"), at("yaml.yaml")).unwrap();
    assert_ne!(folder.load().unwrap().fingerprint, json, "the same bytes in another format are a change");
}

#[test]
fn broken_toml_is_told_with_its_place() {
    let problems = Folder::new("listen = \nx = [1,\n").problems();
    assert!(problems.len() >= 2, "{problems:?}");
    assert!(problems.iter().all(|problem| problem.contains("this is not valid TOML")), "{problems:?}");
    assert!(problems[0].starts_with("toolgate.toml:1:10: error:"), "{problems:?}");
    let duplicate = Folder::new("data = \"a\"\ndata = \"b\"\n").problems();
    assert!(duplicate[0].starts_with("toolgate.toml:2:1: error: this is not valid TOML"), "{duplicate:?}");
}

#[test]
fn a_file_that_is_no_regular_file_is_refused_instead_of_read() {
    let folder = Folder::new("");
    std::fs::create_dir(folder.source.folder.join("other")).unwrap();
    let source = Source { file: Some(folder.source.folder.join("other")), ..folder.source.clone() };
    let refused = load(&source).unwrap_err();
    assert!(refused.to_string().contains("it is not a regular file"), "{refused}");
}

#[test]
fn the_fingerprint_changes_with_every_file_and_with_nothing_else() {
    let folder =
        Folder::new("[servers.x]\nurl = \"https://a.example\"\nheaders = { Cookie = \"file:secret\" }");
    let loaded = folder.load().unwrap();
    assert_eq!(loaded.current_fingerprint(), loaded.fingerprint);
    assert_eq!(folder.load().unwrap().fingerprint, loaded.fingerprint);

    let mut seen = vec![loaded.fingerprint];
    let mut changed = |what: &str| {
        let now = loaded.current_fingerprint();
        assert!(!seen.contains(&now), "{what}");
        seen.push(now);
    };
    folder.write("secret", "one");
    changed("a secret that appears");
    folder.write("secret", "two");
    changed("a secret that changes");
    folder.write("policies/base.json", &format!("{POLICY} "));
    changed("a policy that changes");
    folder.write("policies/third.json", POLICY);
    changed("a policy that appears");
    std::fs::rename(
        folder.source.folder.join("policies/third.json"),
        folder.source.folder.join("policies/fourth.json"),
    )
    .unwrap();
    changed("a policy that is renamed");
    folder.write("toolgate.toml", "");
    changed("the file itself");
    folder.write("policies/README.md", "not a policy");
    assert_eq!(loaded.current_fingerprint(), *seen.last().unwrap(), "a file that is not read");
}

#[test]
fn a_refused_set_has_a_fingerprint_as_well() {
    let folder = Folder::new("lisen = 1");
    let refused = folder.load().unwrap_err();
    assert_eq!(folder.load().unwrap_err().fingerprint, refused.fingerprint);
    folder.write("toolgate.toml", "lisen = 2");
    assert_ne!(folder.load().unwrap_err().fingerprint, refused.fingerprint);
}

#[test]
fn no_beginning_of_a_file_makes_the_reader_panic() {
    let source = Source { file: None, folder: PathBuf::from("/nowhere"), default_data: None };
    for (end, _) in EVERYTHING.char_indices() {
        let toml = EVERYTHING.as_bytes()[..end].to_vec();
        let fingerprint = Fingerprint::of(&[&toml]);
        let snapshot = Snapshot { toml, policies: Vec::new(), problems: Vec::new(), fingerprint };
        // Whether it loads is another matter: a cut may leave a valid file.
        let _ = parse(&source, snapshot);
    }
}
