//! What deliveries say about one key, in the order of the deliveries, whatever order they came in.
//!
//! A delta says what stands in it. A full delivery says something about every key of its source: those that do not stand in
//! it are gone. The store keeps a row only where a statement differs from the one before, so a delivery that comes late, in
//! between, can make a difference out of what was none: then the later statement is written out as a row of its own.

use std::collections::{HashMap, HashSet};

use super::decide::{GONE_CONTENT, Outcome};
use super::deliveries::{Deliveries, FullDelivery};
use super::entry::{Candidate, What};
use super::key_file::Known;
use super::{Generated, Removal, Source};

/// What is said of a key up to some point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Statement {
    content: u64,
    /// A file with a row that says so.
    file: u32,
    is_gone: bool,
    is_own: bool,
    /// Whether that row stands in no file but follows from its delivery.
    is_generated: bool,
}

impl Statement {
    fn row(self) -> Source {
        Source { file: self.file, is_generated: self.is_generated }
    }
}

/// What the deliveries up to some point say.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// The last statement.
    last: Option<Statement>,
    /// The last statement without a `recorded_at` of its own.
    said: Option<Statement>,
    /// The last row, which a deletion is made of.
    row: Option<Source>,
}

impl State {
    fn hear(&mut self, statement: Statement) {
        self.last = Some(statement);
        if !statement.is_own {
            self.said = Some(statement);
        }
        self.row = Some(statement.row());
    }

    /// What follows from a delivery counts for rows of either kind.
    fn follow(&mut self, statement: Statement) {
        self.last = Some(statement);
        self.said = Some(Statement { is_own: false, ..statement });
    }

    fn alive(&self) -> Option<Statement> {
        self.last.filter(|last| !last.is_gone)
    }
}

/// The file and line of a row that no longer says what it said.
fn taken_back(row: &Candidate) -> Option<(u32, i64)> {
    (row.what == What::NotSaid).then_some((row.file, row.content.cast_signed()))
}

/// Something that happens to a key.
enum Event<'a> {
    Known(&'a Known),
    Full(&'a FullDelivery),
    New(&'a [Candidate]),
}

/// Decides about the new rows of one key, and about what follows from new and known deliveries.
pub fn decide(group: &[Candidate], known: &[Known], deliveries: &Deliveries, forced: &HashSet<u32>, outcome: &mut Outcome) {
    let Some(key) = group.first().map(|row| row.key).or(known.first().map(|known| known.key)) else { return };
    let mut events: Vec<(u32, u8, Event<'_>)> = Vec::with_capacity(known.len() + group.len() + deliveries.full_deliveries.len());
    events.extend(known.iter().map(|known| {
        let position = if known.is_generated { deliveries.follows(known.file) } else { deliveries.said(known.file) };
        (position, 0, Event::Known(known))
    }));
    events.extend(deliveries.full_deliveries.iter().map(|full| (full.position, 1, Event::Full(full))));
    events.extend(group.chunk_by(|a, b| a.file == b.file).map(|rows| (deliveries.said(rows[0].file), 2, Event::New(rows))));
    events.sort_by_key(|(position, order, _)| (*position, *order));

    let mut timeline = Timeline {
        deliveries,
        forced,
        outcome,
        group,
        known,
        own: known.iter().filter(|known| known.is_own).map(|known| known.content).collect(),
        before: State::default(),
        now: State::default(),
        versions: known.iter().filter(|known| !known.is_sighting).count(),
        has_new: false,
        key,
    };
    for (_, _, event) in &events {
        match event {
            Event::Known(known) => timeline.known(known),
            Event::Full(full) if full.is_new => timeline.new_full(full),
            Event::Full(full) => timeline.known_full(full),
            Event::New(rows) => timeline.new_rows(rows),
        }
    }
    if timeline.has_new && timeline.versions > 1 {
        let row_key = key.row_key();
        timeline.outcome.corrected.push(row_key);
    }
}

struct Timeline<'a> {
    deliveries: &'a Deliveries,
    forced: &'a HashSet<u32>,
    outcome: &'a mut Outcome,
    group: &'a [Candidate],
    known: &'a [Known],
    /// Contents of rows with a `recorded_at` of their own.
    own: HashSet<u64>,
    /// What the store said before this run.
    before: State,
    /// What it says with the new deliveries.
    now: State,
    versions: usize,
    has_new: bool,
    key: super::super::keys::KeyHash,
}

impl Timeline<'_> {
    fn known(&mut self, known: &Known) {
        let statement = Statement {
            content: known.content,
            file: known.file,
            is_gone: known.is_gone,
            is_own: known.is_own,
            is_generated: known.is_generated,
        };
        if known.is_not_said() {
            if self.is_alive_of(known.file) {
                self.generate(known.file, self.now.row, GONE_CONTENT, true);
            }
            return;
        }
        if known.is_sighting {
            // No row of the store has this file: what was said before is what it repeated.
            if let Some(before) = self.before.said.filter(|before| before.content == known.content) {
                self.repeat(before, known.file);
            }
            return;
        }
        if known.is_generated {
            self.before.follow(statement);
            self.now.follow(statement);
        } else {
            self.before.hear(statement);
            self.now.hear(statement);
        }
    }

    /// A known delivery said `statement`: if the new ones say otherwise up to here, it is written out.
    fn repeat(&mut self, statement: Statement, file: u32) {
        let same = |now: Statement| now.content == statement.content && now.is_gone == statement.is_gone;
        if !self.now.last.is_some_and(same) {
            self.generate(file, Some(statement.row()), statement.content, statement.is_gone);
        }
    }

    fn known_full(&mut self, full: &FullDelivery) {
        // Where it has a row of the key, that row is what it says.
        if self.known.iter().any(|known| !known.is_generated && self.deliveries.is_part_of(known.file, full)) {
            return;
        }
        let of_source = |statement: &Statement| self.deliveries.source(statement.file) == full.source;
        if let Some(before) = self.before.alive().filter(of_source) {
            self.repeat(before, full.file);
        } else if self.now.alive().filter(of_source).is_some() && !self.is_seen_in(full) {
            self.generate(full.file, self.now.row, GONE_CONTENT, true);
        }
    }

    fn new_full(&mut self, full: &FullDelivery) {
        if self.is_alive_of(full.file) && !self.is_seen_in(full) {
            self.generate(full.file, self.now.row, GONE_CONTENT, true);
            let rows = self.group.iter().filter(|row| self.deliveries.is_part_of(row.file, full));
            self.outcome.taken_back.extend(rows.filter_map(taken_back));
        }
    }

    /// Whether the key stands in a new file of a full delivery, be it in a row that cannot be taken.
    fn is_seen_in(&self, full: &FullDelivery) -> bool {
        let is_there = |row: &Candidate| !matches!(row.what, What::Gone | What::NotSaid);
        self.group.iter().any(|row| is_there(row) && self.deliveries.is_part_of(row.file, full))
    }

    /// Whether what is said last is there, and was said by the source of a file.
    fn is_alive_of(&self, file: u32) -> bool {
        self.now.alive().is_some_and(|last| self.deliveries.source(last.file) == self.deliveries.source(file))
    }

    /// Notes that a row is to be made from the row of another file.
    fn generate(&mut self, file: u32, from: Option<Source>, content: u64, is_gone: bool) {
        let Some(from) = from else { return };
        self.outcome.generated.push(Generated { row_key: self.key.row_key(), from, file, is_gone });
        let entry = Known { key: self.key, content, file, is_own: false, is_sighting: false, is_gone, is_generated: true };
        self.outcome.keep(&entry);
        self.now.follow(Statement { content, file, is_gone, is_own: false, is_generated: true });
        self.versions += 1;
        self.has_new = true;
    }

    fn new_rows(&mut self, rows: &[Candidate]) {
        let file = rows[0].file;
        let said: Vec<&Candidate> = rows.iter().filter(|row| row.what == What::Row).collect();
        let not_said = rows.iter().find(|row| row.what == What::NotSaid);
        if said.is_empty() {
            let is_gone = rows.iter().any(|row| row.what == What::Gone) || not_said.is_some();
            if !is_gone || rows.iter().any(|row| row.what == What::Seen) {
                return;
            }
            if self.is_alive_of(file) {
                self.generate(file, self.now.row, GONE_CONTENT, true);
                self.outcome.taken_back.extend(rows.iter().filter_map(taken_back));
            } else {
                self.outcome.note_not_said(&rows[0], self.deliveries);
            }
            return;
        }
        let rows = said;
        let mut by_recorded: HashMap<u32, u64> = HashMap::new();
        let says_both = not_said.is_some() && rows.iter().any(|row| !row.is_own && !row.is_gone);
        let contradicts =
            says_both || rows.len() > 1 && rows.iter().any(|row| *by_recorded.entry(row.recorded).or_insert(row.content) != row.content);
        if contradicts || rows.iter().any(|row| self.forced.contains(&row.row)) {
            self.outcome.drops.extend(rows.iter().map(|row| (row.row, Removal::Duplicate)));
            return;
        }
        // A row with its own recorded_at is known when it is word for word the same; any other when it says what the last
        // delivery before it said.
        let was_gone = self.now.last.is_some_and(|last| last.is_gone);
        let mut repeated = None;
        for row in rows {
            let is_known = if row.is_own {
                self.own.contains(&row.content)
            } else {
                self.now.said.is_some_and(|said| said.content == row.content && said.is_gone == row.is_gone)
            };
            if !is_known {
                self.keep(row);
                repeated = None;
                continue;
            }
            self.outcome.drops.push((row.row, Removal::Unchanged));
            repeated = Some(*row);
        }
        let Some(row) = repeated else { return };
        if row.is_own && was_gone && !row.is_gone {
            // It was deleted, and has come back as it was.
            self.generate(file, self.now.row, row.content, false);
        } else if !row.is_own && !self.deliveries.is_full(file) && self.now.said.is_some_and(|said| said.file != file) {
            self.outcome.keep(&Known {
                key: row.key,
                content: row.content,
                file,
                is_own: false,
                is_sighting: true,
                is_gone: false,
                is_generated: false,
            });
        }
    }

    fn keep(&mut self, row: &Candidate) {
        self.outcome.keep(&Known {
            key: row.key,
            content: row.content,
            file: row.file,
            is_own: row.is_own,
            is_sighting: false,
            is_gone: row.is_gone,
            is_generated: false,
        });
        if row.is_own {
            self.own.insert(row.content);
        }
        self.now.hear(Statement { content: row.content, file: row.file, is_gone: row.is_gone, is_own: row.is_own, is_generated: false });
        self.versions += 1;
        self.has_new = true;
    }
}
