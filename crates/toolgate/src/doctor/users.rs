//! The users and groups of this machine, as far as its own files know them.
//! Users of a directory service are not seen here; what is said about groups is said with that reserve.

use std::collections::BTreeSet;
use std::path::Path;

/// One user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The login name; a number when it has none.
    pub name: String,
    /// The user id.
    pub uid: u32,
    /// All groups.
    pub gids: BTreeSet<u32>,
}

/// All users and groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Users {
    /// Name, user id, first group.
    users: Vec<(String, u32, u32)>,
    /// Name, group id, further members.
    groups: Vec<(String, u32, Vec<String>)>,
}

impl Users {
    /// Those of this machine; none when its files cannot be read.
    #[must_use]
    pub fn of_machine() -> Self {
        let read = |path: &str| std::fs::read_to_string(Path::new(path)).unwrap_or_default();
        Self::parse(&read("/etc/passwd"), &read("/etc/group"))
    }

    /// Reads the text of `/etc/passwd` and `/etc/group`; other lines are left out.
    #[must_use]
    pub fn parse(passwd: &str, group: &str) -> Self {
        let user = |line: &str| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            let mut numbers = fields.skip(1).map(str::parse::<u32>);
            Some((name, numbers.next()?.ok()?, numbers.next()?.ok()?))
        };
        let group_of = |line: &str| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            let gid = fields.nth(1)?.parse().ok()?;
            let members = fields.next().unwrap_or_default().split(',').map(|name| name.trim().to_owned());
            Some((name, gid, members.filter(|name| !name.is_empty()).collect()))
        };
        Self {
            users: passwd.lines().filter_map(user).collect(),
            groups: group.lines().filter_map(group_of).collect(),
        }
    }

    /// The user of this name or number.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<User> {
        let number: Option<u32> = name.parse().ok();
        let (name, uid, gid) =
            self.users.iter().find(|(known, uid, _)| known == name || Some(*uid) == number)?.clone();
        let further =
            self.groups.iter().filter(|(_, _, members)| members.contains(&name)).map(|(_, gid, _)| *gid);
        let gids = further.chain([gid]).collect();
        Some(User { name, uid, gids })
    }

    /// The user that this process runs as.
    #[must_use]
    pub fn of_process(&self) -> User {
        let uid = rustix::process::geteuid().as_raw();
        let gid = rustix::process::getegid().as_raw();
        let unnamed = || User { name: uid.to_string(), uid, gids: BTreeSet::new() };
        let mut user = self.find(&uid.to_string()).unwrap_or_else(unnamed);
        user.gids.insert(gid);
        user
    }

    /// A user's name, or the number.
    #[must_use]
    pub fn name_of(&self, uid: u32) -> String {
        let found = self.users.iter().find(|(_, known, _)| *known == uid);
        found.map_or(uid.to_string(), |(name, _, _)| name.clone())
    }

    /// A group's name, or the number.
    #[must_use]
    pub fn name_of_group(&self, gid: u32) -> String {
        let found = self.groups.iter().find(|(_, known, _)| *known == gid);
        found.map_or(gid.to_string(), |(name, _, _)| name.clone())
    }

    /// Whether a group has no members but this user and root.
    #[must_use]
    pub fn is_private(&self, gid: u32, user: &User) -> bool {
        let is_known = self.groups.iter().any(|(_, known, _)| *known == gid);
        let mut members =
            self.groups.iter().filter(|(_, known, _)| *known == gid).flat_map(|(_, _, members)| members);
        let only_named = members.all(|name| *name == user.name || name == "root");
        let only_first = self.users.iter().filter(|(_, _, first)| *first == gid);
        is_known && only_named && only_first.into_iter().all(|(_, uid, _)| *uid == user.uid || *uid == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::Users;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n\
                          bob:x:1001:1001::/home/bob:/bin/sh\nagent:x:1002:50::/:/bin/false\nbroken\n";
    const GROUP: &str = "root:x:0:\nalice:x:1000:\nstaff:x:50:alice\nbob:x:1001:alice\n";

    #[test]
    fn users_have_all_their_groups() {
        let users = Users::parse(PASSWD, GROUP);
        let alice = users.find("alice").unwrap();
        assert_eq!((alice.uid, Vec::from_iter(alice.gids)), (1000, vec![50, 1000, 1001]));
        assert_eq!(users.find("1002").unwrap().name, "agent");
        assert!(users.find("nobody").is_none());
    }

    #[test]
    fn a_group_is_private_when_nobody_else_is_in_it() {
        let users = Users::parse(PASSWD, GROUP);
        let alice = users.find("alice").unwrap();
        for (gid, expected) in [(1000, true), (50, false), (1001, false), (0, true), (77, false)] {
            assert_eq!(users.is_private(gid, &alice), expected, "{gid}");
        }
    }
}
