//! Ids of items. They are made of the id of their response, which is unique, and of their place in it.

/// The id of the item at `index`, of a response whose id ends in what makes it unique. `list` tells
/// the items of the input from those of the output.
pub(super) fn item_id(prefix: &str, response_id: &str, list: &str, index: usize) -> String {
    let unique = response_id.rsplit('_').next().unwrap_or_default();
    format!("{prefix}_{unique}{list}{index:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_its_response_its_list_and_its_place() {
        assert_eq!(item_id("msg", "resp_5b", "i", 17), "msg_5bi11");
        assert_eq!(item_id("fc", "5b", "", 0), "fc_5b00");
    }
}
