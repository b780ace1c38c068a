//! Whatever the changes and however they are grouped, the engine answers as a map does.

use std::collections::BTreeMap;

use super::*;

type Model = BTreeMap<DocumentId, DocumentPayload>;

fn apply(model: &mut Model, changes: &[DocumentChange]) {
    for change in changes {
        match change {
            Change::Put(alert) => {
                model.insert(alert.id(), alert.payload.clone());
            }
            Change::Withdraw(id) => {
                model.remove(id);
            }
        }
    }
}

fn expected(model: &Model, key: &DocumentKey) -> (Option<DocumentPayload>, Vec<DocumentId>) {
    let holds = |id: &&DocumentId| {
        let same = id.key.format() == key.format();
        same && id.to.is_some_and(|to| id.key.number() <= key.number() && *key.number() <= to)
    };
    (model.get(&DocumentId::document(*key)).cloned(), model.keys().filter(holds).copied().collect())
}

fn check(edition: &Edition, model: &Model, keys: &[DocumentKey]) -> Result<(), TestCaseError> {
    for key in keys {
        let (exact, ranges) = expected(model, key);
        let found = edition.find(key).unwrap();
        let formats = model.keys().any(|id| id.key.format() == key.format());
        let known = edition.formats().is_none_or(|all| all.contains(&key.format()));
        prop_assert!(known || !formats, "{} is listed", key);
        prop_assert_eq!(found.exact.map(|alert| alert.payload), exact, "{}", key);
        prop_assert_eq!(found.more_ranges, ranges.len() > RANGE_HITS_MAX);
        prop_assert_eq!(found.ranges.len(), ranges.len().min(RANGE_HITS_MAX));
        for range in &found.ranges {
            prop_assert!(ranges.contains(&range.id()));
            prop_assert_eq!(Some(&range.payload), model.get(&range.id()));
        }
    }
    let listed: Model = edition.iter().unwrap().map(|a| a.map(|a| (a.id(), a.payload)).unwrap()).collect();
    prop_assert_eq!(&listed, model);
    prop_assert_eq!(edition.count().unwrap(), model.len() as u64);
    prop_assert!(edition.alerts_at_most() >= model.len() as u64);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_edition_answers_as_the_model(
        deltas in proptest::collection::vec(any_changes(250), 1..5),
        asked in proptest::collection::vec(any_key(), 100),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut model = Model::new();
        deltas.iter().for_each(|delta| apply(&mut model, delta));
        let open_all = || deltas.iter().map(|delta| open(delta, dir.path())).collect::<Vec<_>>();
        let listed = model.keys().map(|id| id.key).chain(deltas.iter().flatten().map(|change| match change {
            Change::Put(alert) => alert.key,
            Change::Withdraw(id) => id.key,
        }));
        let keys: Vec<_> = listed.chain(asked).collect();
        check(&Edition::open(open_all()).unwrap(), &model, &keys)?;
        let filtered = open_all().into_iter().map(|segment| segment.with_filter().unwrap()).collect();
        check(&Edition::open(filtered).unwrap(), &model, &keys)?;
        let parts = open_all();
        let (path, info) = merge(&parts.iter().collect::<Vec<_>>(), true, &list_key(), dir.path()).unwrap();
        prop_assert_eq!(info.withdrawals, 0);
        let base = SegmentFile::open_verified(&path, info.digest, &list_key()).unwrap();
        check(&Edition::open(vec![base]).unwrap(), &model, &keys)?;
    }

    #[test]
    fn merges_in_any_grouping_give_the_same_bytes(
        deltas in proptest::collection::vec(any_changes(120), 4),
        base: bool,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let parts: Vec<_> = deltas.iter().map(|delta| open(delta, dir.path())).collect();
        let join = |inputs: &[&SegmentFile], base| {
            let (path, info) = merge(inputs, base, &list_key(), dir.path()).unwrap();
            SegmentFile::open_verified(&path, info.digest, &list_key()).unwrap()
        };
        let [a, b, c, d] = [&parts[0], &parts[1], &parts[2], &parts[3]];
        let at_once = join(&[a, b, c, d], base);
        let in_pairs = join(&[&join(&[a, b], base), &join(&[c, d], false)], base);
        let from_the_end = join(&[a, &join(&[b, &join(&[c, d], false)], false)], base);
        let one_by_one = join(&[&join(&[&join(&[a, b], base), c], base), d], base);
        for other in [in_pairs, from_the_end, one_by_one] {
            prop_assert_eq!(other.info(), at_once.info());
            prop_assert_eq!(std::fs::read(other.path()).unwrap(), std::fs::read(at_once.path()).unwrap());
        }
        if base {
            // And they are those of a segment built from the alerts that stand.
            let mut model = Model::new();
            deltas.iter().for_each(|delta| apply(&mut model, delta));
            let fresh: Vec<_> = model.into_iter().map(|(id, payload)| put(id, payload)).collect();
            prop_assert_eq!(build(&fresh, dir.path()).1, at_once.info());
        }
    }

    #[test]
    fn the_difference_leads_to_the_new_edition(old in any_changes(200), new in any_changes(200)) {
        let dir = tempfile::tempdir().unwrap();
        let (mut before, mut after) = (Model::new(), Model::new());
        apply(&mut before, &old);
        apply(&mut after, &new);
        let edition = |model: &Model| {
            let puts: Vec<_> = model.iter().map(|(id, payload)| put(*id, payload.clone())).collect();
            Edition::open(vec![open(&puts, dir.path())]).unwrap()
        };
        let (from, to) = (edition(&before), edition(&after));
        let changes: Vec<_> = diff(Some(&from), &to).unwrap().collect::<Result<_, _>>().unwrap();
        let mut reached = before.clone();
        apply(&mut reached, &changes);
        prop_assert_eq!(&reached, &after);
        let needed = before.iter().filter(|(id, payload)| after.get(id) != Some(payload)).count()
            + after.keys().filter(|id| !before.contains_key(id)).count();
        prop_assert_eq!(changes.len(), needed);

        let (path, info) = write_delta(Some(&from), &to, &list_key(), dir.path()).unwrap();
        prop_assert_eq!(build(&changes, dir.path()).1, info);
        let delta = SegmentFile::open_verified(&path, info.digest, &list_key()).unwrap();
        let (_, info) = merge(&[&from.segments()[0], &delta], true, &list_key(), dir.path()).unwrap();
        prop_assert_eq!(info, to.segments()[0].info());
        prop_assert_eq!(diff(Some(&to), &to).unwrap().count(), 0);
        prop_assert_eq!(diff(None, &to).unwrap().count(), after.len());
    }

    #[test]
    fn order_and_batches_do_not_matter(changes in any_changes(300), seed: u64, most in 20usize..200) {
        let dir = tempfile::tempdir().unwrap();
        let digest = build(&changes, dir.path()).1.digest;
        let mut shuffled = changes.clone();
        let mut random = seed | 1;
        for i in (1..shuffled.len()).rev() {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            shuffled.swap(i, (random >> 33) as usize % (i + 1));
        }
        prop_assert_eq!(build(&shuffled, dir.path()).1.digest, digest);
        prop_assert_eq!(build_in_batches(&shuffled, most, dir.path()).unwrap(), digest);
        let left = std::fs::read_dir(dir.path()).unwrap().count();
        prop_assert_eq!(left, 1, "batches and temporary files are removed");
    }

    #[test]
    fn records_come_back(
        old in proptest::collection::btree_map("[a-c]{1,4}", proptest::option::of(0usize..9000), 0..60),
        new in proptest::collection::btree_map("[a-c]{1,4}", proptest::option::of(0usize..9000), 0..60),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut model = BTreeMap::new();
        let mut segments = Vec::new();
        for part in [&old, &new] {
            let record = |(key, len): (&String, &Option<usize>)| {
                let value = len.map(|len| key.bytes().cycle().take(len).collect::<Vec<u8>>());
                Record { key: key.clone().into_bytes(), value }
            };
            let records: Vec<_> = part.iter().map(record).collect();
            for record in &records {
                match &record.value {
                    Some(value) => model.insert(record.key.clone(), value.clone()),
                    None => model.remove(&record.key),
                };
            }
            let records = records.into_iter().rev().map(Ok::<_, Infallible>);
            let (path, info) = build_records(records, &list_key(), dir.path()).unwrap();
            segments.push(SegmentFile::open_verified(&path, info.digest, &list_key()).unwrap());
        }
        let merged = merge(&segments.iter().collect::<Vec<_>>(), true, &list_key(), dir.path()).unwrap();
        let merged = SegmentFile::open_verified(&merged.0, merged.1.digest, &list_key()).unwrap();
        for edition in [Edition::open(segments).unwrap(), Edition::open(vec![merged]).unwrap()] {
            let listed: BTreeMap<_, _> =
                edition.records().unwrap().map(|r| r.map(|r| (r.key, r.value.unwrap())).unwrap()).collect();
            prop_assert_eq!(&listed, &model);
            for key in old.keys().chain(new.keys()) {
                let found = edition.find_record(key.as_bytes()).unwrap();
                prop_assert_eq!(found.as_ref(), model.get(key.as_bytes()));
            }
            prop_assert_eq!(edition.find_record(b"zz").unwrap(), None);
        }
    }
}
