//! Where objects are: `s3://bucket/key` or `file:///folder`.

use std::fmt;
use std::path::PathBuf;

/// What keeps the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A bucket of an S3-compatible store.
    S3,
    /// A folder of this machine.
    File,
}

/// The address of an object, or of what many objects' names begin with. It holds no credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// What keeps it.
    pub scheme: Scheme,
    /// The bucket; empty for files.
    pub bucket: String,
    /// The rest, without a slash in front.
    pub key: String,
}

/// What makes a name a pattern.
const PATTERN: [char; 3] = ['*', '?', '['];

impl Location {
    /// Whether a text is meant as the address of an object and not as a path.
    pub fn is_url(text: &str) -> bool {
        text.contains("://")
    }

    /// Reads an address.
    ///
    /// # Errors
    /// A sentence without a full stop.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once("://") else { return Err("it has no scheme".into()) };
        match scheme {
            "s3" => {
                let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
                let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
                if bucket.is_empty() || !bucket.bytes().all(is_name) {
                    return Err("after s3:// comes the name of a bucket, without credentials".into());
                }
                Ok(Location { scheme: Scheme::S3, bucket: bucket.into(), key: key.into() })
            }
            "file" => match rest.strip_prefix('/') {
                Some(key) => Ok(Location { scheme: Scheme::File, bucket: String::new(), key: key.into() }),
                None => Err("file:// is followed by an absolute path: file:///folder".into()),
            },
            _ => Err(format!("the scheme is not known: {scheme}://")),
        }
    }

    /// Whether it stands for several names.
    pub fn is_pattern(&self) -> bool {
        self.key.contains(PATTERN)
    }

    /// The folder in which everything lies that it may mean, and the rest: a pattern, a name, or nothing.
    pub fn folder_and_rest(&self) -> (Self, &str) {
        let fixed = self.key.find(PATTERN).map_or(self.key.as_str(), |at| &self.key[..at]);
        let end = fixed.rfind('/').map_or(0, |at| at + 1);
        (Location { key: self.key[..end].trim_end_matches('/').to_owned(), ..self.clone() }, &self.key[end..])
    }

    /// The same with a slash and a name after it.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        let parent = self.key.trim_end_matches('/');
        let key = if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
        Location { key, ..self.clone() }
    }

    /// The folder of this machine, for files.
    pub fn folder(&self) -> PathBuf {
        PathBuf::from(format!("/{}", self.key))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            Scheme::S3 => write!(f, "s3://{}/{}", self.bucket, self.key),
            Scheme::File => write!(f, "file:///{}", self.key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_split_where_its_pattern_begins() {
        for (text, folder, rest) in [
            ("s3://b/x/inv_*.csv.gz", "s3://b/x", "inv_*.csv.gz"),
            ("s3://b/x/2024-*/inv.csv", "s3://b/x", "2024-*/inv.csv"),
            ("s3://b/ledger/", "s3://b/ledger", ""),
            ("s3://b/*.csv", "s3://b/", "*.csv"),
            ("s3://b", "s3://b/", ""),
            ("file:///data/in/documents.csv", "file:///data/in", "documents.csv"),
        ] {
            let location = Location::parse(text).expect(text);
            let (found, found_rest) = location.folder_and_rest();
            assert_eq!((found.to_string().as_str(), found_rest), (folder, rest), "{text}");
        }
        assert_eq!(Location::parse("s3://b/x/").expect("reads").child("y").to_string(), "s3://b/x/y");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["s3://key:secret@b/x", "s3:///x", "file://x/y", "gs://b/x", "https://h/x", "x"] {
            assert!(Location::parse(text).is_err(), "{text}");
        }
    }
}
