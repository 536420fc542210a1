//! Ids made of several columns: `{Fiscal Year}/{Document Number}`. A document whose number begins again every year has no id without
//! the year.

use super::columns::trim;
use super::records::Grid;

/// A part of a joined text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// It stands for itself.
    Text(Vec<u8>),
    /// The text of a field of the record.
    Field(usize),
}

/// Several fields and what stands between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined(Vec<Piece>);

impl Joined {
    /// Reads a template over the fields of a header; `None` when the text is not one.
    ///
    /// # Errors
    /// The name of a field that the header does not have.
    pub fn parse(template: &str, header: &[String]) -> Result<Option<Joined>, String> {
        let mut pieces = Vec::new();
        let mut rest = template;
        while let Some((before, (name, after))) = rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
            pieces.push(Piece::Text(before.as_bytes().to_vec()));
            let field = header.iter().position(|header| header == name).ok_or_else(|| name.to_owned())?;
            pieces.push(Piece::Field(field));
            rest = after;
        }
        if pieces.is_empty() {
            return Ok(None);
        }
        pieces.push(Piece::Text(rest.as_bytes().to_vec()));
        pieces.retain(|piece| *piece != Piece::Text(Vec::new()));
        Ok(Some(Joined(pieces)))
    }

    /// The fields it is made of.
    pub fn fields(&self) -> impl Iterator<Item = usize> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Field(field) => Some(*field),
            Piece::Text(_) => None,
        })
    }

    /// Gives its fields other numbers.
    pub fn renumber(&mut self, number: impl Fn(usize) -> usize) {
        for piece in &mut self.0 {
            if let Piece::Field(field) = piece {
                *field = number(*field);
            }
        }
    }

    /// Writes the text of a record; empty when one of its fields is empty or means nothing, because half an id is none.
    pub fn write(&self, (grid, block): (&Grid, &[u8]), row: usize, null_values: &[Vec<u8>], text: &mut Vec<u8>) {
        text.clear();
        for piece in &self.0 {
            match piece {
                Piece::Text(between) => text.extend_from_slice(between),
                Piece::Field(field) => {
                    let part = trim(grid.field(block, row, *field));
                    if part.is_empty() || null_values.iter().any(|null| null == part) {
                        text.clear();
                        return;
                    }
                    text.extend_from_slice(part);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_names_fields_of_the_header() {
        let header = ["Year", "Number"].map(str::to_owned);
        assert_eq!(Joined::parse("Number", &header), Ok(None));
        let joined = Joined::parse("{Year}/{Number}", &header).expect("both are there").expect("it is a template");
        assert_eq!(joined.0, [Piece::Field(0), Piece::Text(b"/".to_vec()), Piece::Field(1)]);
        assert_eq!(Joined::parse("{Jahr}-{Number}", &header), Err("Jahr".to_owned()));
        assert_eq!(Joined::parse("A{", &header), Ok(None));
    }
}
