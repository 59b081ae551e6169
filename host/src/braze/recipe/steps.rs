//! What to click in Braze, in the order in which its pages come.

use crate::config::Campaign;

/// The campaign that forwards what users write.
pub(super) fn webhook() -> Vec<String> {
    let steps = [
        "Messaging > Campaigns > Create Campaign > Webhook. \
         A campaign, not a Canvas: a Canvas may drop the second of two quick messages.",
        "Compose: request type POST, body type Raw text; \
         paste the URL, the two headers and the body given here exactly.",
        "Schedule: Action-Based Delivery, trigger \"Send a WhatsApp inbound message\" for your subscription group; \
         no keyword, no delay, no end date.",
        "Delivery controls: switch re-eligibility on with no waiting time, else Turnwise hears each user once only.",
        "Delivery controls: no quiet hours, no frequency capping, no rate limit; \
         each delays or drops what users write.",
        "Audience: everyone who may talk to the bot. Launch the campaign.",
    ];
    steps.map(str::to_owned).to_vec()
}

/// The campaign that replies are sent through.
pub(super) fn reply(campaign: &Campaign) -> Vec<String> {
    let mut steps = vec![
        "Messaging > Campaigns > Create Campaign > WhatsApp, with the subscription group of the same number."
            .to_owned(),
    ];
    if campaign.buttons {
        steps.push(
            "Compose: a Response Message, layout Quick Reply, with the body and the button texts given here; \
             a header image only if every reply has one."
                .to_owned(),
        );
        steps.push(
            "If not every reply offers three choices, give each button a text to fall back to: `| default: 'Menu'`. \
             Test a reply with choices and one without; if one does not arrive, use the layout Text and \
             `buttons = false`: choices then are numbered lines below the text."
                .to_owned(),
        );
    } else {
        let reason = "A template would refuse line breaks and cost credits.";
        steps.push(format!(
            "Compose: a Response Message, layout Text, with the body given here and nothing else. {reason}"
        ));
    }
    steps.extend([
        "Schedule: API-Triggered Delivery (not Action-Based).".to_owned(),
        format!("Copy the campaign's API identifier shown there; the configuration has `id = \"{}\"`.", campaign.id),
        "Delivery controls: switch re-eligibility on with no waiting time, else each user gets one reply only."
            .to_owned(),
        "Delivery controls: no quiet hours, no frequency capping. Audience: no filters. Launch the campaign."
            .to_owned(),
    ]);
    steps
}
