//! The changes of a scenario, applied to the curves of open items and of what is billed from now on.
//!
//! Each change is a function from a state to the next one; the file's order is theirs. An early payment discount divides an
//! item into the piece that takes it and the piece that does not; all else moves whole curves.

use super::curves::{at_latest, at_latest_by_age, days_gained, days_gained_by_age, earlier, earlier_by_age, later, later_by_age};
use super::scenario::{Change, Kind};
use super::selection::Selected;
use crate::ledger::calendar::Day;
use crate::ledger::rates::CurrencyIndex;
use std::borrow::Cow;

/// What does not change of an open item.
#[derive(Clone, Debug)]
pub struct OpenItemFacts {
    /// Whose.
    pub customer: usize,
    /// Its company.
    pub company: usize,
    /// An invoice or a debit note.
    pub is_sale: bool,
    /// Whether any of it is disputed.
    pub is_disputed: bool,
    /// When it was issued.
    pub document_date: Day,
    /// When it is due, or what stands in for that.
    pub due_date: Day,
    /// What is open after credits, base currency, ten-thousandths.
    pub amount_base: f64,
    /// Share that is neither credited nor written off within a year: what a customer who pays pays.
    pub payable: f64,
}

/// A piece of an open item.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenPiece<'a> {
    /// Which item.
    pub item: usize,
    /// Its share of the item's amount.
    pub share: f64,
    /// The discount that is taken when it is paid, a share.
    pub discount: f64,
    /// Share of the piece that is settled by each business day of its company, by cash and the discount that is taken with it.
    pub paid: Cow<'a, [f64]>,
}

/// A part of what a company bills in a currency from now on.
#[derive(Clone, Debug, PartialEq)]
pub struct BillingPart {
    /// The company.
    pub company: usize,
    /// The currency.
    pub currency: CurrencyIndex,
    /// The changes that its customers are selected by, as bits.
    pub selected: u64,
    /// Days from document date to due date; `None` without a due date.
    pub terms_days: Option<i32>,
    /// Its share of what the company bills in the currency.
    pub share: f64,
    /// What it bills within the weeks looked at, base currency, ten-thousandths.
    pub billed_base: f64,
    /// The discount that is taken when it is paid, a share.
    pub discount: f64,
    /// Share that is settled by each age, by cash and the discount that is taken with it.
    pub paid_by_age: Vec<f64>,
}

/// All curves of a forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves<'a> {
    /// Open items, those of a customer together.
    pub pieces: Vec<OpenPiece<'a>>,
    /// What is billed from now on.
    pub parts: Vec<BillingPart>,
}

/// What a change was about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Touched {
    /// Open items it moves, or of which a part takes a discount.
    pub open_items: usize,
    /// What is open of them, base currency, ten-thousandths.
    pub open_amount_base: f64,
    /// What is billed within the weeks looked at by those it is about, base currency, ten-thousandths.
    pub billed_base: f64,
    /// Discounts taken on all of that, whenever it is paid.
    pub discount_base: f64,
    /// Cash that takes a discount × days it comes sooner.
    pub cash_days_gained: f64,
}

/// Applies a change, the one at `place` of its scenario. `days` are the business days ahead of each company, `origin` the day
/// before the first.
pub fn apply<'a>(
    curves: Curves<'a>,
    (place, change): (usize, &Change),
    items: &[OpenItemFacts],
    selected: &Selected,
    (origin, days): (Day, &[Vec<Day>]),
) -> (Curves<'a>, Touched) {
    let mut touched = Touched::default();
    let mut changed = Curves { pieces: Vec::with_capacity(curves.pieces.len()), parts: Vec::with_capacity(curves.parts.len()) };
    let is_selected = |bits: u64| bits & (1 << place) != 0;
    let mut last_touched = None;
    for piece in curves.pieces {
        let item = &items[piece.item];
        if !is_selected(selected[item.customer]) {
            changed.pieces.push(piece);
            continue;
        }
        let index = piece.item;
        let before = touched.open_amount_base;
        change_piece(change.kind, piece, item, (origin, &days[item.company]), &mut changed.pieces, &mut touched);
        // The pieces of an item stand together: it counts once.
        if touched.open_amount_base != before && last_touched != Some(index) {
            touched.open_items += 1;
            last_touched = Some(index);
        }
    }
    let has_terms = curves.parts.iter().any(|part| is_selected(part.selected) && part.terms_days.is_some());
    for part in curves.parts {
        if is_selected(part.selected) {
            change_part(change.kind, part, has_terms, &mut changed.parts, &mut touched);
        } else {
            changed.parts.push(part);
        }
    }
    (changed, touched)
}

fn change_piece<'a>(
    kind: Kind,
    piece: OpenPiece<'a>,
    item: &OpenItemFacts,
    (origin, days): (Day, &[Day]),
    pieces: &mut Vec<OpenPiece<'a>>,
    touched: &mut Touched,
) {
    let mut touch = |piece: &OpenPiece| touched.open_amount_base += item.amount_base * piece.share;
    let moved = match kind {
        // Open invoices keep the terms that stand on them.
        Kind::Terms { .. } => return pieces.push(piece),
        Kind::EarlyPaymentDiscount { discount, within_days, take_up } => {
            let date = item.document_date + within_days;
            if take_up == 0.0 || piece.discount > 0.0 || !item.is_sale || date <= origin {
                return pieces.push(piece);
            }
            touch(&piece);
            let paid = at_latest(&piece.paid, days, date, item.payable);
            let taken = item.amount_base * piece.share * take_up * paid.last().copied().unwrap_or(0.0);
            touched.discount_base += taken * discount;
            let gained = days_gained(&paid, &piece.paid, days);
            touched.cash_days_gained += item.amount_base * piece.share * take_up * gained * (1.0 - discount);
            let share = piece.share * take_up;
            if take_up < 1.0 {
                pieces.push(OpenPiece { share: piece.share * (1.0 - take_up), ..piece.clone() });
            }
            return pieces.push(OpenPiece { share, discount, paid: paid.into(), ..piece });
        }
        Kind::OnTime { .. } => at_latest(&piece.paid, days, item.due_date, item.payable),
        Kind::Disputes { .. } if !item.is_disputed => return pieces.push(piece),
        Kind::Disputes { faster_by_days } => earlier(&piece.paid, days, faster_by_days),
        Kind::Delay { days: by } => later(&piece.paid, days, by),
    };
    touch(&piece);
    pieces.push(OpenPiece { paid: moved.into(), ..piece });
}

fn change_part(kind: Kind, part: BillingPart, has_terms: bool, parts: &mut Vec<BillingPart>, touched: &mut Touched) {
    let age = |days: i32| usize::try_from(days).unwrap_or(0);
    let moved = match kind {
        Kind::Terms { from_days, .. } if has_terms && part.terms_days != Some(from_days) => return parts.push(part),
        Kind::Terms { from_days, to_days } => {
            let moved = match to_days - from_days {
                by if by >= 0 => later_by_age(&part.paid_by_age, age(by)),
                by => earlier_by_age(&part.paid_by_age, age(-by)),
            };
            touched.billed_base += part.billed_base;
            let terms_days = part.terms_days.map(|_| to_days);
            return parts.push(BillingPart { terms_days, paid_by_age: moved, ..part });
        }
        Kind::EarlyPaymentDiscount { discount, within_days, take_up } => {
            if take_up == 0.0 || part.discount > 0.0 {
                return parts.push(part);
            }
            let paid = at_latest_by_age(&part.paid_by_age, age(within_days));
            touched.billed_base += part.billed_base;
            let taken = part.billed_base * take_up;
            touched.discount_base += taken * paid.last().copied().unwrap_or(0.0) * discount;
            touched.cash_days_gained += taken * days_gained_by_age(&paid, &part.paid_by_age) * (1.0 - discount);
            let part_of = |share: f64| BillingPart { share: part.share * share, billed_base: part.billed_base * share, ..part.clone() };
            if take_up < 1.0 {
                parts.push(part_of(1.0 - take_up));
            }
            return parts.push(BillingPart { discount, paid_by_age: paid, ..part_of(take_up) });
        }
        Kind::OnTime { .. } => match part.terms_days {
            Some(terms) => at_latest_by_age(&part.paid_by_age, age(terms)),
            // What has no due date is never late.
            None => return parts.push(part),
        },
        // What is billed from now on is not disputed yet.
        Kind::Disputes { .. } => return parts.push(part),
        Kind::Delay { days } => later_by_age(&part.paid_by_age, age(days)),
    };
    touched.billed_base += part.billed_base;
    parts.push(BillingPart { paid_by_age: moved, ..part });
}
