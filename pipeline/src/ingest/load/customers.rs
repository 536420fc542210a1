//! The customers of a book.

use super::documents::{Documents, UNKNOWN};
use super::numbers::{Interners, KeyMap};
use super::row_groups::read_row_groups;
use super::versions::invisible_rows;
use super::{LedgerFiles, LoadOptions};
use crate::error::Result;
use crate::ledger::book::{Customer, NO_AMOUNT};
use arrow::array::AsArray as _;
use std::collections::BTreeMap;
use std::collections::hash_map::Entry;

pub(super) struct Customers {
    pub(super) companies: Vec<String>,
    pub(super) rows: Vec<Customer>,
    pub(super) company_ids: Vec<String>,
    pub(super) by_key: KeyMap<u32>,
}

pub(super) fn load_customers(files: &LedgerFiles, options: &LoadOptions, interner: &Interners) -> Result<Customers> {
    let mut customers = Customers { companies: Vec::new(), rows: Vec::new(), company_ids: Vec::new(), by_key: KeyMap::default() };
    let Some(table) = files.tables.get("customers") else { return Ok(customers) };
    let invisible = invisible_rows(files, "customers", options.known_as_of)?;
    let columns = [
        "row_key",
        "company_id",
        "customer_id",
        "segment",
        "region",
        "country",
        "industry",
        "account_manager",
        "is_intercompany",
        "credit_limit",
        "credit_limit_currency",
        "insured_amount",
    ];
    let groups = read_row_groups(&table.segments, files.first_files, &columns, &[], |group| {
        let labels: Vec<Vec<u32>> =
            columns[3..8].iter().map(|name| group.texts(name).iter().map(|text| interner.label(text)).collect()).collect();
        let (companies, ids) = (group.texts("company_id"), group.texts("customer_id"));
        let (limits, limit_currencies) = (group.amounts("credit_limit"), group.texts("credit_limit_currency"));
        let insured = group.amounts("insured_amount");
        let (keys, intercompany) = (group.i64s("row_key"), group.flags("is_intercompany"));
        let rows = (0..group.rows()).filter(|row| !invisible.contains(&group.row(*row)));
        rows.map(|row| {
            let customer = Customer {
                company: 0,
                id: ids[row].clone().unwrap_or_default(),
                labels: [labels[0][row], labels[1][row], labels[2][row], labels[3][row]],
                account_manager: labels[4][row],
                is_intercompany: intercompany[row],
                credit_limit: (limits[row] != NO_AMOUNT).then_some(limits[row]),
                credit_limit_currency: limit_currencies[row].clone(),
                insured_amount: (insured[row] != NO_AMOUNT).then_some(insured[row]),
            };
            // A limit may be in a currency that no document has; it needs its rates all the same.
            if let Some(code) = &customer.credit_limit_currency {
                interner.currencies.number(code);
            }
            (keys[row], companies[row].clone().unwrap_or_default(), customer)
        })
        .collect::<Vec<_>>()
    })?;
    for (key, company, customer) in groups.into_iter().flatten() {
        customers.push(key, company, customer);
    }
    Ok(customers)
}

impl Customers {
    pub(super) fn push(&mut self, key: i64, company: String, customer: Customer) {
        let next = u32::try_from(self.rows.len()).expect("customers are counted in 32 bits");
        // Documents of several row groups name a customer several times.
        if let Entry::Vacant(slot) = self.by_key.entry(key) {
            slot.insert(next);
            self.rows.push(customer);
            self.company_ids.push(company);
        }
    }

    /// Customers that documents name and the table of customers does not know: they have no labels.
    pub(super) fn add_unknown(&mut self, files: &LedgerFiles, documents: &Documents, options: &LoadOptions) -> Result<()> {
        if documents.items.iter().all(|item| item.customer != UNKNOWN) {
            return Ok(());
        }
        let Some(table) = files.tables.get("documents") else { return Ok(()) };
        let invisible = invisible_rows(files, "documents", options.known_as_of)?;
        let by_key = &self.by_key;
        let groups = read_row_groups(&table.segments, files.first_files, &["customer_key", "company_id", "customer_id"], &[], |group| {
            let (companies, ids) = (group.column("company_id").as_string::<i32>(), group.column("customer_id").as_string::<i32>());
            let mut found: BTreeMap<i64, (String, String)> = BTreeMap::new();
            for (row, key) in group.i64s("customer_key").iter().enumerate() {
                if !by_key.contains_key(key) && !invisible.contains(&group.row(row)) {
                    found.entry(*key).or_insert_with(|| (companies.value(row).to_owned(), ids.value(row).to_owned()));
                }
            }
            found
        })?;
        for (key, (company, id)) in groups.into_iter().flatten() {
            let customer = Customer {
                company: 0,
                id,
                labels: [0; 4],
                account_manager: 0,
                is_intercompany: false,
                credit_limit: None,
                credit_limit_currency: None,
                insured_amount: None,
            };
            self.push(key, company, customer);
        }
        Ok(())
    }

    /// Sorts by company and id; returns for each old position the new one.
    pub(super) fn sort(&mut self) -> Vec<u32> {
        self.companies = self.company_ids.clone();
        self.companies.sort_unstable();
        self.companies.dedup();
        for (customer, company) in self.rows.iter_mut().zip(&self.company_ids) {
            let position = self.companies.binary_search(company).expect("every company is listed");
            customer.company = u32::try_from(position).expect("companies are counted in 32 bits");
        }
        let mut order: Vec<u32> = (0..u32::try_from(self.rows.len()).expect("customers are counted in 32 bits")).collect();
        order.sort_by(|a, b| {
            let (a, b) = (&self.rows[*a as usize], &self.rows[*b as usize]);
            (a.company, &a.id).cmp(&(b.company, &b.id))
        });
        let mut remap = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            remap[*old as usize] = u32::try_from(new).expect("customers are counted in 32 bits");
        }
        self.rows = order.iter().map(|old| self.rows[*old as usize].clone()).collect();
        self.company_ids = Vec::new();
        remap
    }
}
